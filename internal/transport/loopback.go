package transport

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"m2m/internal/text"
)

// Loopback reports whether a host, without a port, is this machine: an address
// in 127.0.0.0/8, ::1, one of these in IPv6 form (::ffff:127.0.0.1), or the name
// localhost or one below it (RFC 6761 section 6.3), in any case and with or
// without a dot at the end. No name is looked up: whoever answers for a name
// would decide. DialContext connects to these names on this machine, so that
// what Loopback says holds.
func Loopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	return isLocalhost(host)
}

func isLocalhost(host string) bool {
	name := text.LowerASCII(strings.TrimSuffix(host, "."))
	return name == "localhost" || len(name) > len(".localhost") && strings.HasSuffix(name, ".localhost")
}

// loopbackAddresses are where localhost is, in the order in which they are
// tried: net.Listen, too, prefers IPv4 for this name.
var loopbackAddresses = []string{"127.0.0.1", "::1"}

// DialContext returns the DialContext of d, which does not look up localhost and
// the names below it but connects to 127.0.0.1, or else to ::1.
func DialContext(d *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil || !isLocalhost(host) {
			return d.DialContext(ctx, network, address)
		}
		var first error
		for _, ip := range loopbackAddresses {
			conn, err := d.DialContext(ctx, network, net.JoinHostPort(ip, port))
			if err == nil {
				return conn, nil
			}
			if first == nil {
				first = err
			}
		}
		return nil, first
	}
}

// ListenAddress returns an address to listen on, HOST:PORT, with localhost and
// the names below it replaced by 127.0.0.1, so that they are not looked up.
func ListenAddress(address string) string {
	if host, port, err := net.SplitHostPort(address); err == nil && isLocalhost(host) {
		return net.JoinHostPort(loopbackAddresses[0], port)
	}
	return address
}

// notForLocalhost returns a proxy function that sends no request for localhost
// or a name below it to the proxy, which would look the name up. Addresses are
// left to next: Proxies excepts those of this machine.
func notForLocalhost(next func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	if next == nil {
		return nil
	}
	return func(r *http.Request) (*url.URL, error) {
		if isLocalhost(r.URL.Hostname()) {
			return nil, nil
		}
		return next(r)
	}
}
