package probecmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/jwt"
	"m2m/internal/probe/forge"
	"m2m/internal/transport"
)

// keys returns the public keys of the token's issuer, or why there are none. They are
// those of the configured tenant, else those that the issuer in the token publishes.
func (r *run) keys(ctx context.Context, token entra.Secret) (keys []forge.Key, absent string) {
	decoded, err := jwt.Decode(token.Reveal())
	if decoded == nil || err != nil {
		return nil, "" // package probe reports what is wrong with the token
	}
	for _, discovery := range r.discoveries(decoded) {
		found, err := r.fetchKeys(ctx, discovery)
		if err != nil {
			absent = err.Error()
			continue
		}
		if slices.ContainsFunc(found, func(k forge.Key) bool { return k.ID == decoded.KeyID }) {
			return found, ""
		}
		absent = "no key set that was asked holds the key ID of the token"
	}
	if absent == "" {
		absent = "nothing says where it is published"
	}
	return nil, absent
}

// discoveries are the addresses of the discovery documents to try, in order.
func (r *run) discoveries(t *jwt.Token) (addresses []string) {
	if r.session.Settings.Tenant.Value != "" {
		addresses = append(addresses, r.session.Settings.AuthorityURL().Discovery(t.Version))
	}
	if strings.HasPrefix(t.Issuer, "https://") {
		addresses = append(addresses, strings.TrimRight(t.Issuer, "/")+"/.well-known/openid-configuration")
	}
	return addresses
}

func (r *run) fetchKeys(ctx context.Context, discovery string) ([]forge.Key, error) {
	document, err := r.fetch(ctx, discovery)
	if err != nil {
		return nil, err
	}
	var found struct {
		JWKSURI string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(document, &found); err != nil {
		return nil, fmt.Errorf("the discovery document is not JSON: %w", err)
	}
	set, err := r.fetch(ctx, found.JWKSURI)
	if err != nil {
		return nil, err
	}
	return forge.ParseKeys(set)
}

var errNotHTTPS = errors.New("its address is not https")

// maxKeySet bounds a discovery document and a key set, in bytes.
const maxKeySet = 512 << 10

// fetch reads a public document. Nothing secret goes with the request.
func (r *run) fetch(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, errNotHTTPS
	}
	client := transport.WithoutRedirects(&http.Client{Transport: r.session.Transport})
	body, _, err := transport.Fetch(ctx, client, address, transport.Limits{Time: r.o.How.Timeout, Bytes: maxKeySet})
	switch {
	case errors.As(err, new(*transport.StatusError)), errors.As(err, new(*transport.SizeError)):
		return nil, fmt.Errorf("%s: %w", u.Host, err)
	case err != nil:
		return nil, fmt.Errorf("%s gave no answer: %w", u.Host, exit.RootCause(err))
	}
	return body, nil
}
