package credential

import (
	"cmp"
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
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

// checkFederated checks that an assertion is the token of an issuer that the app
// trusts: issuer, audience and subject exactly as registered, and signed with a key
// that the issuer publishes. The tenant itself can be the issuer, of the tokens of
// its managed identities.
func (c Checker) checkFederated(
	ctx context.Context, t *directory.Tenant, client *directory.Client, a *assertion, now time.Time,
) *refusal.Refusal {
	own := a.issuer == c.issuerOf(t)
	if refused := checkPolicy(t, client, a); refused != nil {
		return refused
	}
	if refused := checkTrust(client, a, own); refused != nil {
		return refused
	}
	ctx, cancel := context.WithTimeout(ctx, federationTimeout)
	defer cancel()
	key, refused := c.federatedKey(ctx, a, own)
	switch {
	case refused != nil:
		return refused
	case a.algorithm != "RS256":
		return refusal.AssertionAlgorithm.With(a.algorithm, "RS256")
	case !a.signedBy(key):
		return refusal.RejectedSignature.With(client.ID, "the signature is not that of the issuer's key")
	}
	return a.checkTimes(now)
}

// checkPolicy asks the tenant's policy whether the issuer is allowed at all.
func checkPolicy(t *directory.Tenant, client *directory.Client, a *assertion) *refusal.Refusal {
	switch {
	case len(client.Federated) == 0 && a.fromIdentity:
		return refusal.NoFederatedIdentity.With(client.ID)
	case len(client.Federated) == 0:
		return refusal.NoFederatedCredential.With(client.ID)
	case t.FederationIssuers == nil || slices.Contains(t.FederationIssuers, a.issuer):
		return nil
	case len(t.FederationIssuers) == 0:
		return refusal.FederationForbidden.With(t.ID)
	}
	return refusal.FederatedIssuerPolicy.With(t.ID, a.issuer)
}

// checkTrust compares an assertion with the app's federated credentials. Each
// refusal names only the value that fits none. own says that the assertion is a
// token of the tenant itself.
func checkTrust(c *directory.Client, a *assertion, own bool) *refusal.Refusal {
	left := slices.Clone(c.Federated)
	keep := func(fits func(directory.FederatedCredential) bool) bool {
		left = slices.DeleteFunc(left, func(f directory.FederatedCredential) bool { return !fits(f) })
		return len(left) > 0
	}
	if !keep(func(f directory.FederatedCredential) bool { return f.Issuer == a.issuer }) {
		return refusal.FederatedIssuer.With(a.issuer)
	}
	if own {
		if refused := checkOwnToken(a); refused != nil {
			return refused
		}
	}
	first := audienceOf(left[0])
	switch {
	case own && !keep(func(f directory.FederatedCredential) bool { return audienceOf(f) == exchangeAudience() }):
		return refusal.FederatedExchange.With(first)
	case !own && !keep(func(f directory.FederatedCredential) bool { return slices.Contains(a.audience, audienceOf(f)) }):
		return refusal.FederatedAudience.With(strings.Join(a.audience, " "))
	}
	trusted := slices.Clone(left)
	if !keep(func(f directory.FederatedCredential) bool { return f.Subject != "" && f.Subject == a.subject }) {
		return refuseSubject(a, trusted)
	}
	return nil
}

// checkOwnToken checks what a token of the tenant itself must be before it can be
// presented.
func checkOwnToken(a *assertion) *refusal.Refusal {
	switch {
	case a.exchangeInfo:
		return refusal.FederatedTokenChained.With()
	case a.scopes != "" && a.scopes != "/":
		return refusal.FederatedUserToken.With()
	case !slices.Contains(a.audience, exchangeID()):
		return refusal.FederatedAudience.With(strings.Join(a.audience, " "))
	}
	return nil
}

// refuseSubject refuses a subject that none of the credentials has. It finds out
// what is most likely meant.
func refuseSubject(a *assertion, trusted []directory.FederatedCredential) *refusal.Refusal {
	for _, f := range trusted {
		if f.Subject != "" && strings.EqualFold(f.Subject, a.subject) {
			return refusal.FederatedSubjectCase.With(a.subject, f.Subject)
		}
	}
	for _, f := range trusted {
		switch {
		case f.Expression != "":
			continue
		case f.Subject == withoutIDs(a.subject):
			return refusal.FederatedSubject.With(a.subject,
				"; it is the immutable form, with numeric IDs, of a subject that is registered: GitHub sends it for repositories"+
					" created, renamed or transferred since 15 July 2026")
		case a.subject == withoutIDs(f.Subject):
			return refusal.FederatedSubject.With(a.subject,
				"; the registered subject has the immutable form, with numeric IDs, and this repository of GitHub does not send that")
		}
	}
	for _, f := range trusted {
		if f.Expression != "" {
			return refusal.FlexibleCredential.With(a.subject, f.Expression)
		}
	}
	return refusal.FederatedSubject.With(a.subject, "")
}

var immutableSubject = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^repo:([^/@:]+)@\d+/([^/@:]+)@\d+:`)
})

// withoutIDs returns a subject of GitHub without the numeric IDs of owner and
// repository; any other as it is.
func withoutIDs(subject string) string {
	return immutableSubject().ReplaceAllString(subject, "repo:$1/$2:")
}

func audienceOf(f directory.FederatedCredential) string {
	return cmp.Or(f.Audience, exchangeAudience())
}

// exchangeAudience is the audience of federated credentials in the public cloud, as
// registrations and the tokens of outside issuers name it.
func exchangeAudience() string { return entra.Clouds()[0].FederationAudience }

// exchangeID is the same as the tokens of Entra name it.
func exchangeID() string { return new(directory.Tenant).FindAPI(exchangeAudience()).ID }

// federatedKey returns the key that an assertion names: one of the tenant's own, or
// one that is fetched from the issuer which the app's registration trusts. That is
// fetched anew each time: an issuer on the same machine may be restarted with other
// keys at any moment.
func (c Checker) federatedKey(ctx context.Context, a *assertion, own bool) (*rsa.PublicKey, *refusal.Refusal) {
	if own {
		return c.ownKey(a)
	}
	var document struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	address := strings.TrimSuffix(a.issuer, "/") + "/.well-known/openid-configuration"
	if refused := c.fetch(ctx, a, address, refusal.FederatedMetadata, &document); refused != nil {
		return nil, refused
	}
	switch {
	case document.Issuer == "" || document.Keys == "":
		return nil, refusal.FederatedMetadata.With(a.issuer, "it lacks issuer or jwks_uri")
	case document.Issuer != a.issuer:
		return nil, refusal.FederatedMetadataIssuer.With(a.issuer, document.Issuer)
	case !isHTTPS(document.Keys):
		return nil, refusal.FederatedMetadata.With(a.issuer, "its jwks_uri is not an https address")
	}
	var set keyring.JWKSet
	if refused := c.fetch(ctx, a, document.Keys, refusal.FederatedKeys, &set); refused != nil {
		return nil, refused
	}
	n := slices.IndexFunc(set.Keys, func(k keyring.JWK) bool { return k.KeyType == "RSA" && k.KeyID != "" && k.KeyID == a.keyID })
	if n < 0 {
		return nil, refusal.FederatedKeyUnknown.With(a.keyID, a.issuer)
	}
	key, err := rsaKey(set.Keys[n])
	if err != nil {
		return nil, refusal.FederatedKeys.With(a.issuer, err.Error())
	}
	return key, nil
}

// ownKey returns the tenant's own key that an assertion names.
func (c Checker) ownKey(a *assertion) (*rsa.PublicKey, *refusal.Refusal) {
	keys, err := c.Keys.Published()
	if err != nil {
		return nil, refusal.NotSigned.With(err.Error())
	}
	n := slices.IndexFunc(keys, func(k *keyring.Key) bool { return k.ID == a.keyID })
	if n < 0 {
		return nil, refusal.FederatedKeyUnknown.With(a.keyID, a.issuer)
	}
	return keys[n].PublicKey(), nil
}

var (
	errFederationRedirect = errors.New("it redirects too often, or to an address that is not https")
	errFederationKey      = errors.New("its key is not a usable RSA key")
)

func isHTTPS(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != ""
}

// fetch reads a document of an issuer. An answer that is not JSON is refused by the
// row unreadable, no answer at all by FederatedUnreachable.
func (c Checker) fetch(ctx context.Context, a *assertion, address string, unreadable refusal.Row, into any) *refusal.Refusal {
	client := *c.HTTP
	client.CheckRedirect = stayOnHTTPS
	body, _, err := transport.Fetch(ctx, &client, address, transport.Limits{Bytes: maxFederationBody})
	if err == nil {
		err = json.Unmarshal(body, into)
		if err == nil {
			return nil
		}
		return unreadable.With(a.issuer, err.Error())
	}
	var status *transport.StatusError
	var size *transport.SizeError
	switch {
	case errors.As(err, &size):
		return unreadable.With(a.issuer, err.Error())
	case errors.As(err, &status):
		return refusal.FederatedEndpoint.With(a.issuer, err.Error())
	case errors.Is(err, errFederationRedirect):
		return refusal.FederatedEndpoint.With(a.issuer, errFederationRedirect.Error())
	}
	return refusal.FederatedUnreachable.With(a.issuer, transport.Diagnose("", err).Error())
}

// stayOnHTTPS follows redirects, but not to where others on the network could
// have written the document.
func stayOnHTTPS(next *http.Request, via []*http.Request) error {
	if next.URL.Scheme != "https" || len(via) > mostRedirects {
		return errFederationRedirect
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
