package jwks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"m2m/internal/entra"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/transport"
)

const (
	fetchTimeout = 5 * time.Second
	maxDocument  = 512 << 10
	maxRedirects = 3
	maxStatus    = 100 // of the status line that an error repeats, in bytes
)

// What can be wrong with an answer of the issuer.
var (
	ErrStatus      = errors.New("the issuer answered with another status than 200")
	ErrBodySize    = errors.New("the issuer's answer is larger than 512 KiB")
	ErrRedirect    = errors.New("the issuer redirects to another host")
	ErrDiscovery   = errors.New("the discovery document is not usable")
	ErrIssuerClaim = errors.New("the discovery document names an issuer that is not this authority's")
	ErrKeysAddress = errors.New("the discovery document puts the keys at an address that is not https on the same host")
)

// fetcher reads the documents of one authority.
type fetcher struct {
	client    *http.Client
	authority entra.Authority
}

func newFetcher(client *http.Client, a entra.Authority) *fetcher {
	own := *client
	own.Jar = nil
	own.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects || r.URL.Scheme != "https" || !sameCloud(a, r.URL.Host) {
			return ErrRedirect
		}
		return nil
	}
	return &fetcher{&own, a}
}

// get reads one document. An answer of 304 to etag returns no body.
func (f *fetcher) get(ctx context.Context, address, etag string) (body []byte, newTag string, err error) {
	body, newTag, err = transport.Fetch(ctx, f.client, address, transport.Limits{Time: fetchTimeout, Bytes: maxDocument, ETag: etag})
	var status *transport.StatusError
	switch {
	case errors.As(err, &status):
		return nil, "", fmt.Errorf("%w: %s from %s", ErrStatus, text.Bound(status.Text, 100), address)
	case errors.As(err, new(*transport.SizeError)):
		return nil, "", fmt.Errorf("%w: %s", ErrBodySize, address)
	}
	return body, newTag, err
}

// discovery is what we need of an OpenID Connect discovery document.
type discovery struct {
	issuer, keysAddress, cloud string
}

// discover reads the document of one version and accepts it only if it is that of
// the authority that was asked (OpenID Connect Discovery 4.3).
func (f *fetcher) discover(ctx context.Context, v entra.Version) (discovery, error) {
	body, _, err := f.get(ctx, f.authority.Discovery(v), "")
	if err != nil {
		return discovery{}, err
	}
	d, err := readDiscovery(body)
	switch {
	case err != nil:
		return discovery{}, err
	case !issuerFits(f.authority, v, d.issuer):
		return discovery{}, fmt.Errorf("%w: expected %s, found %s", ErrIssuerClaim,
			expectedIssuer(f.authority, v), text.Quote(d.issuer))
	case !keysAddressFits(f.authority, d.keysAddress):
		return discovery{}, fmt.Errorf("%w: found %s", ErrKeysAddress, text.Quote(d.keysAddress))
	}
	return d, nil
}

// Discovery returns what a discovery document names; ok is false for another text.
func Discovery(document []byte) (issuer, keysAddress string, ok bool) {
	d, err := readDiscovery(document)
	return d.issuer, d.keysAddress, err == nil
}

func readDiscovery(body []byte) (d discovery, err error) {
	err = eachMember(body, func(name string, value jsontext.Value) error {
		switch name {
		case "issuer":
			return jwt.ReadString(string(value), &d.issuer)
		case "jwks_uri":
			return jwt.ReadString(string(value), &d.keysAddress)
		case "cloud_instance_name":
			// null on some authorities
			d.cloud, _ = jwt.Unquote(string(value))
		}
		return nil
	})
	switch {
	case err != nil:
		return discovery{}, fmt.Errorf("%w: %w", ErrDiscovery, err)
	case d.issuer == "" || d.keysAddress == "":
		return discovery{}, fmt.Errorf("%w: issuer or jwks_uri is missing", ErrDiscovery)
	}
	return d, nil
}

// keysAddressFits lowers only ASCII letters: a host that Unicode's case rules make
// equal to the authority's is another host to connect to.
func keysAddressFits(a entra.Authority, address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.User == nil && u.Fragment == "" && sameCloud(a, text.LowerASCII(u.Host))
}
