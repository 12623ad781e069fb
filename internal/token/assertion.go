package token

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"m2m/internal/text"
)

// Assertion is what a federated token says of itself: the three values that
// Entra compares with the federated credentials of an app, and its end.
type Assertion struct {
	// Issuer, Subject and Audience are the claims iss, sub and aud.
	Issuer, Subject, Audience string
	// ExpiresOn is the claim exp; zero if there is none.
	ExpiresOn time.Time
	// ClientID is the app that it was presented for.
	ClientID string
}

// errNotJWT says that an assertion is no JSON Web Token.
var errNotJWT = errors.New("it holds no JSON Web Token (three parts, separated by dots)")

// maxAssertion bounds a federated token; Kubernetes' are about a kilobyte.
const maxAssertion = 64 << 10

// parseAssertion reads the claims of a federated token, unverified: they are
// shown to a person, and Entra decides.
func parseAssertion(token string) (*Assertion, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[0] == "" || parts[2] == "" {
		return nil, errNotJWT
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return nil, errNotJWT
	}
	var claims struct {
		Issuer   string          `json:"iss"`
		Subject  string          `json:"sub"`
		Audience json.RawMessage `json:"aud"`
		Expires  float64         `json:"exp"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return nil, errNotJWT
	}
	a := &Assertion{
		Issuer:   text.OneLine(claims.Issuer, maxShown),
		Subject:  text.OneLine(claims.Subject, maxShown),
		Audience: text.OneLine(firstAudience(claims.Audience), maxShown),
	}
	if claims.Expires > 0 && claims.Expires < 1<<40 {
		a.ExpiresOn = time.Unix(int64(claims.Expires), 0).UTC()
	}
	return a, nil
}

// firstAudience returns aud, which is a string or a list of them (RFC 7519
// section 4.1.3).
func firstAudience(raw json.RawMessage) string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return one
	}
	var many []string
	if json.Unmarshal(raw, &many) == nil && len(many) > 0 {
		return many[0]
	}
	return ""
}
