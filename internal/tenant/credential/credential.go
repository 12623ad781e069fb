package credential

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/keyring"
	"m2m/internal/tenant/refusal"
)

// Kind is the kind of credential that a client sent.
type Kind string

// The kinds of credentials. Assertion is an assertion that cannot be read, and
// so shows neither of the kinds that it might have been. ManagedIdentity is no
// credential but the machine on which the request is made.
const (
	None            Kind = "none"
	Secret          Kind = "secret"
	Certificate     Kind = "certificate"
	Federated       Kind = "federated"
	Assertion       Kind = "assertion"
	ManagedIdentity Kind = "managed identity"
)

// Proof returns the value of azpacr and appidacr in tokens of a client that sent
// this kind. Assertions of both kinds count as 2.
func (k Kind) Proof() string {
	if k == Secret {
		return "1"
	}
	return "2"
}

// KindOf returns the kind of an assertion: an app that signs for itself is its
// own issuer, and other issuers are addresses.
func KindOf(assertion string) Kind {
	a, _ := parseAssertion(assertion)
	switch {
	case a == nil:
		return Assertion
	case strings.Contains(a.issuer, "://"):
		return Federated
	}
	return Certificate
}

// Checker checks the credentials of clients.
type Checker struct {
	// Origin is that of the tenants' token endpoints, which assertions must name.
	Origin string
	// HTTP fetches the documents and keys of outside issuers. It may be nil where
	// no client has federated credentials.
	HTTP *http.Client
	// Keys are the tenants' own, which sign what agent and managed identities present.
	Keys *keyring.Ring
}

// issuerOf is the iss of a tenant's own v2.0 tokens.
func (c Checker) issuerOf(t *directory.Tenant) string { return c.Origin + "/" + t.ID + "/v2.0" }

// IssuerOf returns the client that signed an assertion for itself: its iss, where
// the request names no client (RFC 7521, 4.2); "" if it is not such an assertion.
func IssuerOf(assertion string) string {
	a, _ := parseAssertion(assertion)
	if a == nil || a.issuer != a.subject || strings.Contains(a.issuer, "://") {
		return ""
	}
	return a.issuer
}

// Check returns nil if value proves that the sender is the client. kind is that
// of the request; for an assertion it is what KindOf returns.
func (c Checker) Check(
	ctx context.Context, t *directory.Tenant, client *directory.Client, kind Kind, value entra.Secret, now time.Time,
) *refusal.Refusal {
	isAgent := client.Kind == directory.AgentIdentity
	switch {
	case kind == None:
		return refusal.CredentialNeeded.With()
	case kind == Secret && isAgent:
		return refusal.AgentHasNoSecret.With(client.ID)
	case kind == Secret:
		return checkSecret(client, value.Reveal(), now)
	}
	a, problem := parseAssertion(value.Reveal())
	switch {
	case a == nil:
		return refusal.MalformedAssertion.With(problem)
	case isAgent:
		return c.checkAgent(t, client, a, now)
	case kind == Federated:
		return c.checkFederated(ctx, t, client, a, now)
	}
	return checkCertificate(client, a, c.Origin, t, now)
}

// checkSecret checks that value is one of the client's secrets and not expired.
// It compares digests, all of them, so that the time it takes shows neither how
// much of a guess was right nor which secret it resembled.
func checkSecret(c *directory.Client, value string, now time.Time) *refusal.Refusal {
	sent := sha256.Sum256([]byte(value))
	var matched, current int
	for _, s := range c.Secrets {
		want := sha256.Sum256([]byte(s.Value.Reveal()))
		same := subtle.ConstantTimeCompare(sent[:], want[:])
		matched |= same
		if s.Expires.IsZero() || now.Before(s.Expires) {
			current |= same
		}
	}
	switch {
	case current == 1:
		return nil
	case matched == 1:
		return refusal.ExpiredSecret.With(c.ID)
	}
	return refusal.WrongSecret.With(c.ID)
}
