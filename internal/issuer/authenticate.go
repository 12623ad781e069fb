package issuer

import (
	"context"
	"strings"
	"time"

	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/refusal"
)

// proof is how a client proved who it is, as azpacr and appidacr say it.
type proof string

// Assertions signed with a certificate and federated ones both count as 2.
const (
	provedBySecret    proof = "1"
	provedByAssertion proof = "2"
)

// authenticate checks the credential that a client sent: each kind in a file
// of its own.
func (i *Issuer) authenticate(ctx context.Context, t *directory.Tenant, c *directory.Client, f tokenForm, now time.Time) (proof, *refusal.Refusal) {
	switch f.kind {
	case SecretCredential:
		return provedBySecret, checkSecret(c, f.credential.Reveal(), now)
	case CertificateCredential, FederatedCredential, AssertionCredential:
		a, problem := parseAssertion(f.credential.Reveal())
		switch {
		case a == nil:
			return "", refusal.MalformedAssertion.With(problem)
		case f.kind == FederatedCredential:
			return provedByAssertion, i.checkFederated(ctx, c, a, now)
		}
		return provedByAssertion, checkCertificate(c, a, i.origin, t, now)
	}
	return "", refusal.CredentialNeeded.With()
}

// kindOfAssertion tells a certificate's assertion from a federated one: an app
// that signs for itself is its own issuer; others are addresses.
func kindOfAssertion(compact string) CredentialKind {
	a, _ := parseAssertion(compact)
	switch {
	case a == nil:
		return AssertionCredential
	case strings.Contains(a.issuer, "://"):
		return FederatedCredential
	}
	return CertificateCredential
}
