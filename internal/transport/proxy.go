package transport

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/net/http/httpproxy"

	"m2m/internal/text"
)

// ErrProxySetting says that a variable which names a proxy cannot be used. Nothing
// was sent and no name looked up.
var ErrProxySetting = errors.New("a proxy variable cannot be used")

// ProxySettingError is a variable that names no proxy. It matches ErrProxySetting.
// It has nothing of the value, where a password may stand anywhere.
type ProxySettingError struct {
	// Variable is its name.
	Variable string
	// Reason is what is wrong, as a clause.
	Reason string
}

// Error says which variable it is and what is wrong with it.
func (e *ProxySettingError) Error() string { return e.Variable + " cannot be used: " + e.Reason }

// Is reports whether target is ErrProxySetting.
func (e *ProxySettingError) Is(target error) bool { return target == ErrProxySetting }

// Proxies chooses a proxy for each request as the environment says: HTTPS_PROXY,
// HTTP_PROXY, for both ALL_PROXY where they are not set, and NO_PROXY, in capital or
// small letters. It reads as net/http and curl do, with one difference: a value that
// cannot be read is an error, and does not mean that there is no proxy. Requests to
// this machine go to none.
type Proxies struct {
	lookup func(string) (string, bool)
	read   func() (func(*url.URL) (*url.URL, error), error)
}

// ProxiesOf returns the proxies of an environment. Nothing is read before the first
// use.
func ProxiesOf(lookup func(string) (string, bool)) *Proxies {
	p := &Proxies{lookup: lookup}
	p.read = sync.OnceValues(p.parse)
	return p
}

// For returns the proxy of a request; nil for none.
func (p *Proxies) For(r *http.Request) (*url.URL, error) {
	if Loopback(r.URL.Hostname()) {
		return nil, nil
	}
	choose, err := p.read()
	if err != nil {
		return nil, err
	}
	return choose(r.URL)
}

// Check returns what is wrong with the variables, as a *ProxySettingError.
func (p *Proxies) Check() error {
	_, err := p.read()
	return err
}

func (p *Proxies) parse() (func(*url.URL) (*url.URL, error), error) {
	var config httpproxy.Config
	all := ""
	for _, v := range []struct {
		name  string
		to    *string
		check func(string) string
	}{
		{"ALL_PROXY", &all, proxyFault}, {"HTTPS_PROXY", &config.HTTPSProxy, proxyFault},
		{"HTTP_PROXY", &config.HTTPProxy, proxyFault}, {"NO_PROXY", &config.NoProxy, noProxyFault},
	} {
		name, value := p.find(v.name)
		if reason := v.check(value); reason != "" {
			return nil, &ProxySettingError{name, reason}
		}
		*v.to = value
	}
	for _, proxy := range []*string{&config.HTTPSProxy, &config.HTTPProxy} {
		if *proxy == "" {
			*proxy = all
		}
	}
	method, _ := p.lookup("REQUEST_METHOD")
	config.CGI = method != "" // HTTP_PROXY is then a header of the request (httpoxy)
	return config.ProxyFunc(), nil
}

// find returns the value of a variable and the name that it has: in capital letters
// if that is set.
func (p *Proxies) find(name string) (string, string) {
	if value, _ := p.lookup(name); value != "" {
		return name, value
	}
	value, _ := p.lookup(text.LowerASCII(name))
	return text.LowerASCII(name), value
}

// proxyFault says why a value is not the address of a proxy; empty if it is one. An
// address without a scheme is one of http, as for curl.
func proxyFault(value string) string {
	if value == "" {
		return ""
	}
	if reason := invisible(value); reason != "" {
		return reason
	}
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	const escapes = "a character of its user name or password must be percent-encoded: %23 for #, %25 for %, %2F for /, %3F for ?, %40 for @"
	withUser := strings.Contains(value, "@")
	u, err := url.Parse(value)
	switch {
	case err != nil && withUser, err == nil && withUser && (u.User == nil || strings.Contains(u.Fragment+u.RawQuery+u.Path, "@")):
		return escapes
	case err != nil:
		return "it does not parse as a URL; its form is http://HOST:PORT"
	case !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme):
		return "its scheme is not http, https, socks5 or socks5h"
	case u.Hostname() == "" || u.Opaque != "":
		return "it has no host; its form is http://HOST:PORT"
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || strings.Contains(value, "#"):
		return "it has more than a host and a port; its form is http://HOST:PORT"
	case !isHost(u.Hostname()):
		return "its host is not a host name or an IP address"
	case !isPort(u):
		return "its port is not a number from 1 to 65535"
	}
	return ""
}

// invisible says that a value has what is neither in an address nor seen in a shell.
func invisible(value string) string {
	switch {
	case strings.HasSuffix(value, "\r"):
		return "it ends with a carriage return, as from a file with Windows line ends"
	case strings.ContainsFunc(value, unicode.IsControl):
		return "it has a line break or a control character"
	case strings.ContainsFunc(value, unicode.IsSpace):
		return "it has a space"
	}
	return ""
}

func isHost(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r > unicode.MaxASCII || !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-._", r))
	})
}

func isPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && n > 0
}

// noProxyFault says why a value is not a list of hosts without a proxy; empty if it
// is one: by commas, each *, a host name, a domain with a dot or *. in front, an IP
// address or a network such as 10.0.0.0/8, with a port or without.
func noProxyFault(value string) string {
	for entry := range strings.SplitSeq(value, ",") {
		entry = strings.Trim(entry, " \t")
		if reason := invisible(entry); reason != "" {
			return "an entry is not a host, a domain or a network: " + reason + "; entries are separated by commas"
		}
		if _, err := netip.ParsePrefix(entry); entry == "" || entry == "*" || err == nil {
			continue
		}
		host := entry
		if h, port, err := net.SplitHostPort(entry); err == nil {
			if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
				return "the port of an entry is not a number from 1 to 65535"
			}
			host = h
		}
		if host = strings.Trim(host, "[]"); !isHost(strings.TrimPrefix(host, "*.")) {
			return "an entry is not a host, a domain or a network such as 10.0.0.0/8"
		}
	}
	return ""
}

// ProxySchemes returns the authentication schemes that a proxy offers in the header of
// a 407, such as Basic, Negotiate and NTLM: the first word of each field.
func ProxySchemes(h http.Header) (schemes []string) {
	for _, offer := range h.Values("Proxy-Authenticate") {
		if words := strings.Fields(offer); len(words) > 0 && len(schemes) < 5 {
			schemes = append(schemes, text.OneLine(strings.TrimSuffix(words[0], ","), 30))
		}
	}
	return schemes
}
