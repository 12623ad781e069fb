package serve

import (
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"
)

// clientHeaders are the headers by which proxies and servers say where a request comes
// from, next to Forwarded (RFC 7239) and all that begin with X-Forwarded: those of
// nginx, Akamai, Cloudflare, Fastly, Envoy, Azure, Google, WebLogic and of libraries
// that look for a caller's address. Programs take the caller's address from them.
var clientHeaders = map[string]bool{
	"Forwarded": true, "X-Real-Ip": true, "X-Client-Ip": true, "X-Cluster-Client-Ip": true, "True-Client-Ip": true,
	"Cf-Connecting-Ip": true, "Cf-Connecting-Ipv6": true, "Cf-Pseudo-Ipv4": true, "Fastly-Client-Ip": true, "Fly-Client-Ip": true,
	"X-Original-Forwarded-For": true, "X-Envoy-External-Address": true, "X-Azure-Clientip": true, "X-Azure-Socketip": true,
	"X-Appengine-User-Ip": true, "X-Remote-Ip": true, "X-Remote-Addr": true, "X-Proxyuser-Ip": true, "X-Originating-Ip": true,
	"Client-Ip": true, "Remote-Addr": true, "Proxy-Client-Ip": true, "Wl-Proxy-Client-Ip": true, "X-Host": true,
}

// isClientHeader reports whether a name, as a lax server reads it, says where a request
// comes from.
func isClientHeader(folded string) bool {
	return clientHeaders[folded] || strings.HasPrefix(folded, "X-Forwarded")
}

// isForwarded reports whether h has a header that proxies add.
func isForwarded(h http.Header) bool {
	for name := range h {
		if name == "Via" || isClientHeader(name) {
			return true
		}
	}
	return false
}

// setForwarded says over which connection the request came. A trusted proxy's
// X-Forwarded headers are kept and X-Forwarded-For is extended; those of anybody else
// have been removed.
func (u Upstream) setForwarded(p *httputil.ProxyRequest) {
	if !u.trusts(p.In.RemoteAddr) {
		p.SetXForwarded()
		return
	}
	// ReverseProxy has removed these four.
	for _, name := range []string{"Forwarded", "X-Forwarded-For"} {
		if values := p.In.Header[name]; values != nil {
			p.Out.Header[name] = values
		}
	}
	p.SetXForwarded() // appends to X-Forwarded-For
	for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values := p.In.Header[name]; values != nil {
			p.Out.Header[name] = values
		}
	}
}

// trusts reports whether the socket's address is one of the trusted proxies.
func (u Upstream) trusts(remote string) bool {
	address, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	ip := address.Addr().Unmap().WithZone("")
	for _, prefix := range u.TrustedProxies {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}
