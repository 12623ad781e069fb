package entra

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"m2m/internal/text"
)

// Version is the format of a token and the generation of the endpoints that
// belong to it. The API's registration decides a token's version, not the
// endpoint that the client called.
type Version string

// The two versions, as the ver claim spells them.
const (
	V1 Version = "1.0"
	V2 Version = "2.0"
)

// ErrAuthorityHost says that an authority host is not an https origin.
var ErrAuthorityHost = errors.New("the authority host is not an https origin")

// Authority is one tenant at one login host: where tokens are requested, and whose
// documents say how to verify them.
type Authority struct {
	// Origin is the scheme, host and port, such as
	// https://login.microsoftonline.com, with no slash at the end.
	Origin string
	// Tenant is the tenant's GUID or one of its domain names.
	Tenant string
}

// ParseAuthorityHost returns the origin that AZURE_AUTHORITY_HOST names, in
// lower case and without the port 443. It takes what the Azure SDKs take: an
// https URL, with or without a slash at the end, or a bare host name. A path is
// rejected, because a tenant in this place would be sent twice. The error wraps
// ErrAuthorityHost and repeats neither user name nor password.
func ParseAuthorityHost(s string) (origin string, err error) {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", fmt.Errorf("%w: it does not parse as a URL", ErrAuthorityHost)
	}
	switch {
	case u.Scheme != "https":
		return "", fmt.Errorf("%w: its scheme is %s; a client secret is only ever sent over https", ErrAuthorityHost, text.Quote(u.Scheme))
	case u.Host == "":
		return "", fmt.Errorf("%w: it names no host", ErrAuthorityHost)
	case u.User != nil || strings.ContainsAny(s, "?#"):
		return "", fmt.Errorf("%w: it holds more than a host", ErrAuthorityHost)
	case u.EscapedPath() != "" && u.EscapedPath() != "/":
		return "", fmt.Errorf("%w: it holds the path %s; the tenant is a setting of its own", ErrAuthorityHost, text.Quote(u.Path))
	}
	host, err := canonicalHost(u)
	if err != nil {
		return "", err
	}
	return "https://" + host, nil
}

// canonicalHost returns host and port in the one spelling that CloudByHost
// knows. Go's url.Parse accepts much that is not a host name: other
// alphabets, whose letters can look like Entra's, and zones.
func canonicalHost(u *url.URL) (string, error) {
	name := text.LowerASCII(u.Hostname())
	if strings.HasPrefix(u.Host, "[") {
		addr, err := netip.ParseAddr(name)
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", fmt.Errorf("%w: %s is not an IPv6 address", ErrAuthorityHost, text.Quote(name))
		}
		name = "[" + addr.String() + "]"
	} else if !isHostName(name) {
		return "", fmt.Errorf("%w: %s is not a host name", ErrAuthorityHost, text.Quote(name))
	}
	port := u.Port()
	if n, err := strconv.ParseUint(port, 10, 16); port == "" && strings.HasSuffix(u.Host, ":") ||
		port != "" && (err != nil || n == 0 || port[0] == '0') {
		return "", fmt.Errorf("%w: %s is not a port", ErrAuthorityHost, text.Quote(port))
	}
	if port == "" || port == "443" {
		return name, nil
	}
	return name + ":" + port, nil
}

// Cloud returns the cloud that the authority's host belongs to; ok is false
// for a host that is not Entra's.
func (a Authority) Cloud() (c Cloud, ok bool) {
	return CloudByHost(strings.TrimPrefix(a.Origin, "https://"))
}

// URL returns the authority as MSAL takes it: origin and tenant.
func (a Authority) URL() string { return a.Origin + "/" + a.Tenant }

// Discovery returns the address of the OpenID Connect discovery document of
// one version. A v1.0 token is verified against the v1.0 document.
func (a Authority) Discovery(v Version) string {
	if v == V1 {
		return a.URL() + "/.well-known/openid-configuration"
	}
	return a.URL() + "/v2.0/.well-known/openid-configuration"
}

// TokenEndpoint returns the address that issues tokens.
func (a Authority) TokenEndpoint(v Version) string {
	if v == V1 {
		return a.URL() + "/oauth2/token"
	}
	return a.URL() + "/oauth2/v2.0/token"
}
