package forge

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/transport"
)

const (
	fixServers = "list in authorization_servers the issuer whose tokens the API accepts, with https, and no other; RFC 9728 section 7.6"
	fixOwnName = "take the resource and the address of its metadata from the configuration, never from Host, Forwarded or X-Forwarded-Host; " +
		"RFC 9728 section 3.3"
)

// wellKnown is where an API says who issues the tokens for it (RFC 9728 section 3).
const wellKnown = "/.well-known/oauth-protected-resource"

// otherHost is one that no API has (RFC 6761 section 6.4).
const otherHost = "m2m-probe.invalid"

// Answer is what an API answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// metadataCases read what the API says of itself: clients send their tokens, and
// some their secrets, to the server that it names. None of them sends a token.
func metadataCases() []Case {
	document := func(r Request) Request {
		r.body = nil
		return r.withMethod(http.MethodGet).WithTarget(wellKnown + strings.TrimSuffix(r.Path(), "/"))
	}
	root := func(r Request) Request { return document(r).WithTarget(wellKnown) }
	challenge := func(r Request) Request { return r }
	host := func(of func(Request) Request) func(Request) Request {
		return func(r Request) Request {
			r = of(r)
			r.host = otherHost
			return r
		}
	}
	forwarded := func(of func(Request) Request) func(Request) Request {
		return func(r Request) Request {
			return of(r).WithField("X-Forwarded-Host", otherHost).WithField("Forwarded", "host="+otherHost)
		}
	}
	var cases []Case
	add := func(risk Risk, name, tries, safe, fix string, request func(Request) Request, flaw func(*Kit, Answer) string) {
		cases = append(cases, Case{
			Name: name, Family: Metadata, Tries: tries, Safe: safe, Risk: risk, Fix: fix, Allows: Anything, Flaw: flaw,
			build: func(_ context.Context, k *Kit) (Request, error) {
				if hostname := (&url.URL{Host: k.base.host}).Hostname(); strings.HasSuffix(name, "-resource") && transport.Loopback(hostname) {
					return Request{}, &notApplicable{"an API on this machine may have another name"}
				}
				return request(k.base), nil
			},
		})
	}
	const (
		issuer = "the issuer of the valid token, or no metadata"
		own    = "the API's own origin, or no metadata"
		fixed  = "the same as without the forged name"
	)
	add(NamedServer, "metadata-server", "the authorization servers in the metadata of the address", issuer, fixServers, document, otherServer)
	add(NamedServer, "metadata-server-root", "the authorization servers in the metadata of the whole host", issuer, fixServers,
		root, otherServer)
	add(NamedServer, "metadata-resource", "the resource in the metadata of the address", own, fixOwnName, document,
		func(k *Kit, a Answer) string {
			return otherOrigin(k, "the metadata has the resource", metadata(a).Resource)
		})
	add(NamedServer, "challenge-resource", "the address of the metadata in the challenge", own, fixOwnName, challenge,
		func(k *Kit, a Answer) string {
			return otherOrigin(k, "the challenge names the metadata", challenged(a))
		})
	add(ForgedName, "metadata-host", "the metadata, asked for with another Host", fixed, fixOwnName, host(document), repeats)
	add(ForgedName, "metadata-forwarded", "the metadata, asked for with another X-Forwarded-Host and Forwarded", fixed, fixOwnName,
		forwarded(document), repeats)
	add(ForgedName, "metadata-host-root", "the metadata of the whole host, asked for with another Host", fixed, fixOwnName,
		host(root), repeats)
	add(ForgedName, "metadata-forwarded-root", "the metadata of the whole host, asked for with another X-Forwarded-Host and Forwarded",
		fixed, fixOwnName, forwarded(root), repeats)
	add(ForgedName, "challenge-host", "the challenge, asked for with another Host", fixed, fixOwnName, host(challenge), repeats)
	add(ForgedName, "challenge-forwarded", "the challenge, asked for with another X-Forwarded-Host and Forwarded", fixed, fixOwnName,
		forwarded(challenge), repeats)
	return cases
}

// protectedResource is the part of a metadata document that matters here.
type protectedResource struct {
	Resource string   `json:"resource"`
	Servers  []string `json:"authorization_servers"`
}

// metadata reads a document; what is not one is empty.
func metadata(a Answer) (m protectedResource) {
	if a.Status == http.StatusOK && json.Unmarshal(a.Body, &m) != nil {
		return protectedResource{}
	}
	return m
}

// challenged returns the address of the metadata in a challenge (RFC 9728 section 5.1).
func challenged(a Answer) string {
	for _, value := range a.Header.Values("WWW-Authenticate") {
		if found := metadataParameter.FindStringSubmatch(value); found != nil {
			return found[1]
		}
	}
	return ""
}

// metadataParameter is quoted, as every address must be.
var metadataParameter = regexp.MustCompile(`(?i)\bresource_metadata\s*=\s*"([^"]*)"`)

// otherOrigin says that an address is on another origin than the API's.
func otherOrigin(k *Kit, what, address string) string {
	if address == "" {
		return ""
	}
	if u, err := url.Parse(address); err == nil && strings.EqualFold(u.Host, k.base.host) {
		return ""
	}
	return what + " " + text.Quote(address) + ", on another server"
}

// repeats says that an answer holds the forged name, where a client follows it.
func repeats(_ *Kit, a Answer) string {
	m := metadata(a)
	for _, found := range append([]string{m.Resource, challenged(a)}, m.Servers...) {
		if strings.Contains(strings.ToLower(found), otherHost) {
			return "the answer leads to the name that the request brought: " + text.Quote(found)
		}
	}
	return ""
}

// otherServer says that the metadata names an authorization server that has
// nothing to do with the issuer of the valid token, or not that issuer's tenant.
func otherServer(k *Kit, a Answer) string {
	servers := metadata(a).Servers
	ownTenant := len(servers) == 0
	for _, server := range servers {
		related, sameTenant := k.relatedServer(server)
		if !related {
			return "the metadata names the authorization server " + text.Quote(server) + "; the valid token's issuer is " +
				text.Quote(k.claims.Text("iss"))
		}
		ownTenant = ownTenant || sameTenant
	}
	if !ownTenant {
		return "the metadata names " + text.Quote(servers[0]) + " and not the tenant " + text.Quote(k.claims.Text("tid")) + " of the valid token"
	}
	return ""
}

// relatedServer reports whether a server is the issuer's or, for Entra's, of the
// same cloud, and whether it is of the same tenant: a v1.0 token has another host
// in iss than the server that issued it.
func (k *Kit) relatedServer(server string) (related, sameTenant bool) {
	u, err := url.Parse(server)
	iss, issErr := url.Parse(k.claims.Text("iss"))
	if err != nil || issErr != nil || u.Host == "" || u.Scheme != "https" && !transport.Loopback(u.Hostname()) {
		return false, false
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	tid := k.claims.Text("tid")
	sameTenant = tid == "" || !strings.Contains(first, "-") || strings.EqualFold(first, tid) // a name, or common
	cloud, known := entra.CloudByHost(u.Hostname())
	of, issKnown := entra.CloudByHost(iss.Hostname())
	if !issKnown {
		of, issKnown = entra.CloudBySTS(iss.Hostname())
	}
	sameCloud := known && issKnown && cloud.Name == of.Name
	isLocal := transport.Loopback(u.Hostname()) && tid != "" && strings.EqualFold(first, tid)
	return strings.EqualFold(u.Host, iss.Host) || sameCloud || isLocal, sameTenant
}
