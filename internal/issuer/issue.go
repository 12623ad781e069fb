package issuer

import (
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/keyring"
	"m2m/internal/tenant/refusal"
)

// Entra's default lifetime of an access token is random between these, so that
// clients do not all come back at once.
const (
	shortestLifetime = 60 * time.Minute
	longestLifetime  = 90 * time.Minute
)

// issuedToken is a token and what the answer says about it.
type issuedToken struct {
	token     entra.Secret
	resource  string
	expiresIn int64 // seconds
	expires   int64
	notBefore int64
}

// tokenHeader is a token's header (RFC 7515, 4.1) in Entra's order. v1.0 has
// x5t; Graph a nonce besides.
type tokenHeader struct {
	Type       string `json:"typ"`
	Nonce      string `json:"nonce,omitempty"`
	Algorithm  string `json:"alg"`
	Thumbprint string `json:"x5t,omitempty"`
	KeyID      string `json:"kid"`
}

// issue makes the token for a client that has proved who it is. The API's
// registration decides the version, not the endpoint.
func (i *Issuer) issue(endpoint entra.Version, t *directory.Tenant, c *directory.Client, f tokenForm, x *exchange) (*issuedToken, *refusal.Refusal) {
	api, refused := resolve(t, c, f.resource)
	if refused != nil {
		return nil, refused
	}
	if c.BlockedByPolicy != "" {
		return nil, refusal.Policy(c.BlockedByPolicy)
	}
	lifetime := i.lifetime()
	s := subject{
		tenant: t, client: c, proof: f.kind.Proof(), resource: f.resource, api: api,
		times: newTimeClaims(x.now, lifetime), capabilities: f.capabilities,
	}
	token, err := i.sign(endpoint, s)
	if err != nil {
		return nil, refusal.NotSigned.With(err.Error())
	}
	return &issuedToken{
		token:     entra.NewSecret(token),
		resource:  f.resource,
		expiresIn: max(0, int64(lifetime/time.Second)-1), // Entra's hour is 3599 seconds
		expires:   s.times.Expires,
		notBefore: s.times.NotBefore,
	}, nil
}

// resolve finds the API that a resource names; nil without a refusal is
// Microsoft Graph.
func resolve(t *directory.Tenant, c *directory.Client, resource string) (*directory.API, *refusal.Refusal) {
	if resource == zeroGUID {
		return nil, refusal.ZeroResource.With(resource)
	}
	api := t.FindAPI(resource)
	switch {
	case api == nil && directory.IsGraph(resource):
		return nil, nil
	case api == nil:
		return nil, refusal.UnknownResource.With(resource, t.ID)
	case api.AssignmentRequired && len(t.RolesOn(c, api)) == 0:
		return nil, refusal.AssignmentRequired.With(c.ID, resource)
	}
	return api, nil
}

func (i *Issuer) lifetime() time.Duration {
	if lifetime := i.faults.Lifetime(); lifetime > 0 {
		return lifetime
	}
	from, to := i.tokenLifetime, max(i.tokenLifetime, i.longest)
	if to == 0 {
		from, to = shortestLifetime, longestLifetime
	}
	return from + time.Duration(rand.Int64N(int64((to-from)/time.Second)+1))*time.Second
}

// sign makes the compact form (RFC 7515, 7.1) of the token that a subject gets.
func (i *Issuer) sign(endpoint entra.Version, s subject) (string, error) {
	key, err := i.keys.Current()
	if err != nil {
		return "", err
	}
	header := tokenHeader{Type: "JWT", Algorithm: "RS256", KeyID: key.ID}
	switch {
	case s.api == nil:
		header.Thumbprint = key.ID
		return signGraph(key, header, i.claimsGraph(s))
	case s.api.Version() == entra.V1:
		header.Thumbprint = key.ID
		return signCompact(key, header, header, i.claimsV1(endpoint, s))
	}
	return signCompact(key, header, header, i.claimsV2(s))
}

// signGraph signs over another nonce than the header shows: only Graph can
// verify Graph's tokens, and it does not say how.
func signGraph(key *keyring.Key, header tokenHeader, claims any) (string, error) {
	shown, signed := header, header
	shown.Nonce, signed.Nonce = opaque(32), opaque(32)
	return signCompact(key, shown, signed, claims)
}

// signCompact signs one header and shows another; for an honest token they are
// the same.
func signCompact(key *keyring.Key, shown, signed tokenHeader, claims any) (string, error) {
	payload, err := segment(claims)
	if err != nil {
		return "", err
	}
	head, err := segment(shown)
	if err != nil {
		return "", err
	}
	signedHead, err := segment(signed)
	if err != nil {
		return "", err
	}
	signature, err := key.Sign(signed.Algorithm, []byte(signedHead+"."+payload))
	if err != nil {
		return "", err
	}
	return head + "." + payload + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func segment(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(text), nil
}
