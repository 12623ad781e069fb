package credential

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/keyring"
	"m2m/internal/tenant/refusal"
	"m2m/internal/transport"
)

// Bounds of what an outside issuer may take and send.
const (
	federationTimeout = 10 * time.Second
	maxFederationBody = 1 << 20
	mostRedirects     = 3
)

// checkFederated checks that an assertion is the token of an outside issuer that
// the app trusts: issuer, audience and subject exactly as registered, and
// signed with a key that the issuer publishes.
func (c Checker) checkFederated(ctx context.Context, client *directory.Client, a *assertion, now time.Time) *refusal.Refusal {
	if refused := checkTrust(client, a); refused != nil {
		return refused
	}
	ctx, cancel := context.WithTimeout(ctx, federationTimeout)
	defer cancel()
	key, refused := c.federatedKey(ctx, client, a)
	switch {
	case refused != nil:
		return refused
	case a.algorithm != "RS256" || !a.signedBy(key):
		return refusal.RejectedSignature.With(client.ID, "the signature is not that of the issuer's key, by RS256")
	}
	return a.checkTimes(now)
}

// checkTrust compares an assertion with the app's federated credentials. Each
// refusal names only the value that fits none.
func checkTrust(c *directory.Client, a *assertion) *refusal.Refusal {
	if len(c.Federated) == 0 {
		return refusal.NoFederatedCredential.With(c.ID)
	}
	left := slices.Clone(c.Federated)
	keep := func(fits func(directory.FederatedCredential) bool) bool {
		left = slices.DeleteFunc(left, func(f directory.FederatedCredential) bool { return !fits(f) })
		return len(left) > 0
	}
	switch {
	case !keep(func(f directory.FederatedCredential) bool { return f.Issuer == a.issuer }):
		return refusal.FederatedIssuer.With(a.issuer)
	case !keep(func(f directory.FederatedCredential) bool { return slices.Contains(a.audience, audienceOf(f)) }):
		return refusal.FederatedAudience.With(strings.Join(a.audience, " "))
	case !keep(func(f directory.FederatedCredential) bool { return f.Subject == a.subject }):
		return refusal.FederatedSubject.With(a.subject)
	}
	return nil
}

func audienceOf(f directory.FederatedCredential) string {
	if f.Audience == "" {
		return entra.Clouds()[0].FederationAudience // of the public cloud
	}
	return f.Audience
}

// federatedKey fetches the key that an assertion names, from the issuer that
// the app's registration trusts. It is fetched anew each time: an issuer on
// the same machine may be restarted with other keys at any moment.
func (c Checker) federatedKey(ctx context.Context, client *directory.Client, a *assertion) (*rsa.PublicKey, *refusal.Refusal) {
	var document struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	address := strings.TrimSuffix(a.issuer, "/") + "/.well-known/openid-configuration"
	if err := c.fetch(ctx, address, &document); err != nil {
		return nil, refusal.FederatedMetadata.With(a.issuer, err.Error())
	}
	if document.Issuer != a.issuer {
		return nil, refusal.FederatedMetadataIssuer.With(a.issuer, document.Issuer)
	}
	var set keyring.JWKSet
	if err := c.fetch(ctx, document.Keys, &set); err != nil {
		return nil, refusal.FederatedMetadata.With(a.issuer, err.Error())
	}
	n := slices.IndexFunc(set.Keys, func(k keyring.JWK) bool { return k.KeyType == "RSA" && k.KeyID != "" && k.KeyID == a.keyID })
	if n < 0 {
		return nil, refusal.RejectedSignature.With(client.ID, "the issuer publishes no RSA key "+refusal.Quote(a.keyID))
	}
	key, err := rsaKey(set.Keys[n])
	if err != nil {
		return nil, refusal.FederatedMetadata.With(a.issuer, err.Error())
	}
	return key, nil
}

var (
	errFederationScheme = errors.New("its address is not https")
	errFederationKey    = errors.New("its key is not a usable RSA key")
)

func (c Checker) fetch(ctx context.Context, address string, into any) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return errFederationScheme
	}
	client := *c.HTTP
	client.CheckRedirect = stayOnHTTPS
	body, _, err := transport.Fetch(ctx, &client, address, transport.Limits{Bytes: maxFederationBody})
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// stayOnHTTPS follows redirects, but not to where others on the network could
// have written the document.
func stayOnHTTPS(next *http.Request, via []*http.Request) error {
	if next.URL.Scheme != "https" || len(via) > mostRedirects {
		return errFederationScheme
	}
	return nil
}

func rsaKey(k keyring.JWK) (*rsa.PublicKey, error) {
	n, errN := base64.RawURLEncoding.DecodeString(k.Modulus)
	e, errE := base64.RawURLEncoding.DecodeString(k.Exponent)
	exponent := new(big.Int).SetBytes(e)
	if errN != nil || errE != nil || !exponent.IsInt64() || exponent.Int64() > 1<<31-1 {
		return nil, errFederationKey
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}
	if bits := key.N.BitLen(); bits < 2048 || bits > 8192 || key.E < 3 || key.E%2 == 0 {
		return nil, errFederationKey
	}
	return key, nil
}
