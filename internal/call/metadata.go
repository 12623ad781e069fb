package call

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"m2m/internal/transport"
)

// Bounds of the metadata of an API.
const (
	metadataTime  = 5 * time.Second
	metadataBytes = 64 << 10
	metadataName  = "/.well-known/oauth-protected-resource"
)

// ErrNoMetadata says that an API publishes no metadata (RFC 9728).
var ErrNoMetadata = errors.New("the API publishes no metadata")

// OfferError is metadata that m2m does not follow by itself: an API must not be able to
// say what a token is for, or who issues it.
type OfferError struct {
	// Reason is a sentence without the API's own words.
	Reason string
	// Scope is what the metadata asks for; empty if it names none, or several.
	Scope string
}

// Error implements error.
func (e *OfferError) Error() string { return e.Reason }

// FindScope returns the scope of the API at target by its own metadata, which it GETs
// without anything of the caller's and without following redirects: at the address of
// the target's path, then at that of its origin. It is the scope of the target itself
// or nothing: /.default of a resource with the target's origin, whose path is the
// target's or whole segments at its beginning, and whose authorization server is
// issuer. The error is ErrNoMetadata, an *OfferError, or the transport's.
func FindScope(ctx context.Context, through http.RoundTripper, target *url.URL, issuer string) (string, error) {
	client := transport.WithoutRedirects(&http.Client{Transport: through})
	for _, address := range metadataAddresses(target) {
		body, _, err := transport.Fetch(ctx, client, address, transport.Limits{Time: metadataTime, Bytes: metadataBytes})
		if answered := (*transport.StatusError)(nil); errors.As(err, &answered) {
			continue
		}
		if err != nil {
			return "", err
		}
		return ownScope(body, target, issuer)
	}
	return "", ErrNoMetadata
}

// metadataAddresses are the well-known addresses of a URL (RFC 9728 section 3.1).
func metadataAddresses(target *url.URL) []string {
	root := target.Scheme + "://" + target.Host + metadataName
	if path := strings.TrimSuffix(target.EscapedPath(), "/"); path != "" {
		return []string{root + path, root}
	}
	return []string{root}
}

// ownScope reads the document by the rule of FindScope.
func ownScope(document []byte, target *url.URL, issuer string) (string, error) {
	var metadata struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers"`
		Scopes   []string `json:"scopes_supported"`
	}
	if err := json.Unmarshal(document, &metadata); err != nil {
		return "", &OfferError{Reason: "the API's metadata is not usable"}
	}
	offered := ""
	if len(metadata.Scopes) == 1 {
		offered = metadata.Scopes[0]
	}
	own := metadata.Resource + "/.default"
	switch {
	case !isPartOf(metadata.Resource, target):
		return "", &OfferError{"the API's metadata is that of another resource", offered}
	case !slices.Contains(metadata.Servers, issuer):
		return "", &OfferError{"the API's metadata names another authorization server than the configured tenant", offered}
	case len(metadata.Scopes) != 1 || offered != own:
		return "", &OfferError{"the API's metadata asks for a scope that is not its own address", offered}
	}
	return own, nil
}

// isPartOf reports whether a resource has the target's origin, and a path that is the
// target's or whole segments at its beginning. It must have no other parts.
func isPartOf(resource string, target *url.URL) bool {
	u, err := url.Parse(resource)
	if err != nil || u.Scheme+"://"+u.Host+u.EscapedPath() != resource || Origin(u) != Origin(target) {
		return false
	}
	rest, path := u.EscapedPath(), target.EscapedPath()
	if strings.HasSuffix(rest, "/") || hasDots(rest) || hasDots(path) {
		return false
	}
	return rest == "" || path == rest || strings.HasPrefix(path, rest+"/")
}

func hasDots(path string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), func(segment string) bool {
		plain, err := url.PathUnescape(segment)
		return err != nil || plain == "." || plain == ".." || strings.ContainsAny(plain, `/\`)
	})
}
