package serve

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// localOnly answers callers on this machine alone. The address of the socket
// tells; a request that says that somebody forwarded it comes from elsewhere,
// whatever the address, and so does one that was sent to another host's name
// (a page in a browser here, whose name was pointed at this machine).
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.RemoteAddr) || !isLoopback(r.Host) || isForwarded(r.Header) {
			Problem{Status: http.StatusForbidden, Detail: "this is for callers on the same machine; --metrics-addr serves metrics to others"}.write(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLoopback judges an address or a host's name, with a port or without.
func isLoopback(address string) bool {
	host := address
	if h, _, err := net.SplitHostPort(address); err == nil {
		host = h
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback() || err != nil && strings.EqualFold(host, "localhost")
}

// isForwarded finds any of the headers that proxies add.
func isForwarded(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(name, "X-Forwarded") || slices.Contains([]string{
			"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Forwarded-For", "X-Envoy-External-Address",
			"True-Client-Ip", "Cf-Connecting-Ip", "Fastly-Client-Ip", "X-Azure-Clientip", "X-Azure-Socketip",
		}, name) {
			return true
		}
	}
	return false
}
