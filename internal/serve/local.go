package serve

import (
	"net"
	"net/http"
	"strings"

	"m2m/internal/transport"
)

// localOnly accepts only callers on this machine, by the socket's address. A
// forwarded request comes from elsewhere whatever its address, and so may one for
// another host's name (DNS rebinding in a browser on this machine). hint tells the
// others what to use instead.
func localOnly(hint string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.RemoteAddr) || !isLoopback(r.Host) || isForwarded(r.Header) {
			detail := "this is for callers on the same machine"
			if hint != "" {
				detail += "; " + hint
			}
			Problem{Status: http.StatusForbidden, Detail: detail}.write(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLoopback accepts an address or a host name, with or without a port.
func isLoopback(address string) bool {
	host := address
	if h, _, err := net.SplitHostPort(address); err == nil {
		host = h
	}
	return transport.Loopback(strings.Trim(host, "[]"))
}
