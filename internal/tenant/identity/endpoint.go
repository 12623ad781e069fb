package identity

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/refusal"
	"m2m/internal/text"
)

// The paths of the endpoints.
const (
	AppServicePath = "/msi/token"
	IMDSPath       = "/metadata/identity/oauth2/token"
)

// Token is a token of a managed identity.
type Token struct {
	Value              entra.Secret
	NotBefore, Expires int64 // seconds since 1970
	ExpiresIn          int64 // seconds
}

// Request is one request and its answer, for a log. What the client sent is cut to
// 128 bytes and otherwise as it came.
type Request struct {
	// Identity is the one that was chosen; nil if none was.
	Identity *directory.Client
	// Asked is what the request names the identity by; empty if it names none.
	Asked string
	// Resource is what the token is for.
	Resource string
	// Status is the HTTP status of the answer.
	Status int
	// Refused is the refusal of the tenant, if it was asked; nil for a token.
	Refused *refusal.Refusal
	// Reason says why there is no token; empty if there is one.
	Reason string
}

// Endpoint has the managed identities of one machine.
type Endpoint struct {
	// Identities are all that are assigned to the machine.
	Identities []directory.Client
	// Header is what requests to App Service's endpoint must have as X-IDENTITY-HEADER.
	Header entra.Secret
	// Issue makes the token of an identity for a resource.
	Issue func(identity *directory.Client, resource string) (Token, *refusal.Refusal)
	// OnRequest is called with every request, before it is answered, from many
	// goroutines at once. It may be nil.
	OnRequest func(Request)
}

// protocol is how an endpoint of one kind reads requests and writes answers.
type protocol struct {
	// admit returns why a request is not one of the protocol; nil if it is.
	admit func(*Endpoint, *http.Request) *problem
	// selectors are the parameters that name an identity: by client ID, object ID or
	// resource ID.
	byClient, byObject, byResource []string
	// anyUser says that without a name the only user-assigned identity is meant, where
	// the machine has none of its own.
	anyUser bool
	// problemOf says how a refusal of the tenant is answered.
	problemOf  func(*refusal.Refusal) *problem
	writeToken func(w http.ResponseWriter, identity *directory.Client, resource string, t Token)
	write      func(w http.ResponseWriter, p *problem)
}

// problem is why there is no token.
type problem struct {
	status int
	word   string // IMDS has one
	text   string
}

// AppService returns the handler of AppServicePath.
func (e *Endpoint) AppService() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("api-version") == "2017-09-01" {
			e.serve(w, r, oldAppService())
			return
		}
		e.serve(w, r, appService())
	}
}

// IMDS returns the handler of IMDSPath.
func (e *Endpoint) IMDS() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { e.serve(w, r, imds()) }
}

func (e *Endpoint) serve(w http.ResponseWriter, r *http.Request, p protocol) {
	seen := Request{Resource: cut(r.URL.Query().Get("resource")), Status: http.StatusOK}
	token, wrong := e.answer(r, p, &seen)
	switch {
	case seen.Refused != nil:
		seen.Status, seen.Reason = wrong.status, seen.Refused.Reason
	case wrong != nil && wrong.text == "":
		seen.Status, seen.Reason = wrong.status, "no such managed identity is assigned to this machine"
	case wrong != nil:
		seen.Status, seen.Reason = wrong.status, wrong.text
	}
	if e.OnRequest != nil {
		e.OnRequest(seen)
	}
	if wrong != nil {
		p.write(w, wrong)
		return
	}
	p.writeToken(w, seen.Identity, seen.Resource, token)
}

func (e *Endpoint) answer(r *http.Request, p protocol, seen *Request) (Token, *problem) {
	if !namesThisMachine(r.Host) {
		return Token{}, &problem{http.StatusBadRequest, "invalid_request", "the request is for another host, " + text.Quote(cut(r.Host))}
	}
	if r.Method != http.MethodGet {
		return Token{}, &problem{http.StatusMethodNotAllowed, "invalid_request", "the endpoint takes GET"}
	}
	if wrong := p.admit(e, r); wrong != nil {
		return Token{}, wrong
	}
	if seen.Resource == "" {
		return Token{}, &problem{http.StatusBadRequest, "invalid_request", "Required query variable 'resource' is missing"}
	}
	identity, asked, several := e.choose(r, p)
	seen.Asked = cut(asked)
	switch {
	case several:
		return Token{}, &problem{http.StatusBadRequest, "invalid_request", severalText}
	case identity == nil:
		return Token{}, &problem{http.StatusBadRequest, "invalid_request", ""}
	}
	seen.Identity = identity
	token, refused := e.Issue(identity, seen.Resource)
	if refused != nil {
		seen.Refused = refused
		return Token{}, p.problemOf(refused)
	}
	return token, nil
}

// choose returns the identity that a request means; nil if the machine has not got
// it.
func (e *Endpoint) choose(r *http.Request, p protocol) (identity *directory.Client, asked string, several bool) {
	for _, by := range []struct {
		names []string
		value func(*directory.Client) string
	}{
		{p.byClient, func(c *directory.Client) string { return c.ID }},
		{p.byObject, func(c *directory.Client) string { return c.ObjectID }},
		{p.byResource, func(c *directory.Client) string { return c.ResourceID }},
	} {
		for _, name := range by.names {
			if asked = r.URL.Query().Get(name); asked == "" {
				continue
			}
			n := slices.IndexFunc(e.Identities, func(c directory.Client) bool {
				return c.Kind == directory.UserIdentity && strings.EqualFold(by.value(&c), asked)
			})
			if n < 0 {
				return nil, asked, false
			}
			return &e.Identities[n], asked, false
		}
	}
	if n := slices.IndexFunc(e.Identities, func(c directory.Client) bool { return c.Kind == directory.SystemIdentity }); n >= 0 {
		return &e.Identities[n], "", false
	}
	if !p.anyUser || len(e.Identities) == 0 {
		return nil, "", false
	}
	return &e.Identities[0], "", len(e.Identities) > 1
}

// namesThisMachine reports whether a Host header is an address or localhost. A web page
// that a name of its own led here (DNS rebinding) sends that name.
func namesThisMachine(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	_, err = netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil || strings.EqualFold(name, "localhost")
}

func sameSecret(sent string, want entra.Secret) bool {
	a, b := sha256.Sum256([]byte(sent)), sha256.Sum256([]byte(want.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func cut(s string) string { return text.Cut(s, 128) }

func seconds(n int64) string { return strconv.FormatInt(n, 10) }

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, "the answer cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone, if this fails
}
