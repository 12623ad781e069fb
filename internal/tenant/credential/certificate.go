package credential

import (
	"cmp"
	"crypto/rsa"
	"crypto/sha1" // x5t is defined as SHA-1 (RFC 7515, 4.1.7)
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/refusal"
)

// checkCertificate checks that an assertion was signed, for this tenant and
// now, with the key of one of the client's certificates.
//
// An assertion may be used more than once, and its jti is not looked at. A server
// may refuse a jti that it has seen (RFC 7523, 3); Entra cannot, for MSAL Node
// sends the same assertion until it expires.
func checkCertificate(c *directory.Client, a *assertion, origin string, t *directory.Tenant, now time.Time) *refusal.Refusal {
	if refused := checkSignature(c, a, now); refused != nil {
		return refused
	}
	switch {
	case a.subject == "":
		return refusal.AssertionWithoutSubject.With()
	case !strings.EqualFold(a.issuer, c.ID) || !strings.EqualFold(a.subject, c.ID):
		return refusal.AssertionOfAnother.With(c.ID)
	case !a.isFor(origin, t):
		return refusal.AssertionForAnother.With(strings.Join(a.audience, " "), origin+"/"+t.ID+"/oauth2/v2.0/token")
	}
	return a.checkTimes(now)
}

func checkSignature(c *directory.Client, a *assertion, now time.Time) *refusal.Refusal {
	switch {
	case a.kind != "" && !strings.EqualFold(a.kind, "JWT") && a.kind != "http://openid.net/specs/jwt/1.0":
		return refusal.AssertionType.With(a.kind)
	case a.x5t == "" && a.x5tS256 == "":
		return refusal.AssertionWithoutKey.With()
	case a.algorithm != "RS256" && a.algorithm != "PS256":
		return refusal.AssertionAlgorithm.With(a.algorithm, "RS256 or PS256")
	}
	// The thumbprint is what to compare with the registration.
	rejected := func(problem string) *refusal.Refusal {
		return refusal.RejectedSignature.With(c.ID, problem+" (thumbprint "+refusal.Quote(cmp.Or(a.x5tS256, a.x5t))+")")
	}
	i := slices.IndexFunc(c.Certificates, a.names)
	if i < 0 {
		return rejected("no certificate of the app has this thumbprint")
	}
	certificate := c.Certificates[i]
	if now.Before(certificate.NotBefore) || now.After(certificate.NotAfter) {
		return rejected("the certificate is outside its validity")
	}
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	if !ok || !a.signedBy(key) {
		return rejected("the signature is not that of the certificate's key")
	}
	return nil
}

// IsSignedBy reports whether an assertion names a certificate as the one that signed
// it.
func IsSignedBy(assertion string, certificate *x509.Certificate) bool {
	a, _ := parseAssertion(assertion)
	return a != nil && (a.x5t != "" || a.x5tS256 != "") && a.names(certificate)
}

// names reports whether the assertion's thumbprints are those of a
// certificate. Of two, both must be.
func (a *assertion) names(certificate *x509.Certificate) bool {
	short, long := sha1.Sum(certificate.Raw), sha256.Sum256(certificate.Raw)
	return (a.x5t == "" || a.x5t == base64.RawURLEncoding.EncodeToString(short[:])) &&
		(a.x5tS256 == "" || a.x5tS256 == base64.RawURLEncoding.EncodeToString(long[:]))
}
