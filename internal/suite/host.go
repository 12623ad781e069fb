package suite

import (
	"net/url"
	"slices"
	"strings"

	"m2m/internal/call"
	"m2m/internal/text"
)

// choosesHost reports whether a server or a proxy may take from a header which
// host, and so which application, a request is for. Gateways that hand headers on
// as variables take an underscore for a hyphen.
func choosesHost(header string) bool {
	switch strings.ReplaceAll(text.LowerASCII(header), "_", "-") {
	case "host", ":authority", "forwarded", "x-forwarded-host", "x-forwarded-server", "x-host", "x-original-host",
		"x-http-host-override", "x-original-url", "x-rewrite-url":
		return true
	}
	return false
}

// checkHosts rejects a header that names a host which the caller did not name: the
// token would reach another application behind the API's address.
func (p *planner) checkHosts(h header, value string, u *url.URL) {
	for _, named := range namedHosts(h.name, value) {
		if strings.HasPrefix(named, "/") && !strings.HasPrefix(named, "//") {
			continue // a path on the same host
		}
		if !strings.Contains(named, "//") {
			named = "//" + named
		}
		to, err := u.Parse(named)
		switch {
		case err != nil || to.User != nil || to.Host == "":
			p.Add(h.place, "the header %s is not a host or an address", h.name)
			return
		case !slices.Contains(p.origins, call.Origin(to)):
			p.AddError(h.place, foreignOrigin(to, "the header "+h.name+" may not name %s"))
			return
		}
	}
}

// namedHosts returns what a header names: for Forwarded (RFC 7239, 4) the host of
// each element, else each member of the list.
func namedHosts(header, value string) (hosts []string) {
	isForwarded := strings.EqualFold(header, "forwarded")
	for _, member := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || isForwarded && r == ';' }) {
		member = strings.TrimSpace(member)
		if isForwarded {
			key, host, _ := strings.Cut(member, "=")
			if !strings.EqualFold(strings.TrimSpace(key), "host") {
				continue
			}
			member = strings.TrimSpace(host)
		}
		if member = strings.Trim(member, `"' `+"\t"); member != "" {
			hosts = append(hosts, member)
		}
	}
	return hosts
}
