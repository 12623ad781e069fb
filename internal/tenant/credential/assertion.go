package credential

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/refusal"
	"m2m/internal/text"
)

// assertion is a client assertion (RFC 7523, 2.2), read and not yet checked.
//
// It is read as leniently as Entra reads it, because every MSAL writes it a
// little differently: dates are numbers, floats or quoted; thumbprints are
// base64 of either alphabet with or without padding; x5c is not needed at all.
type assertion struct {
	kind      string // typ
	algorithm string
	keyID     string
	x5t       string // SHA-1 thumbprint, base64url without padding
	x5tS256   string // SHA-256 thumbprint, the same
	issuer    string
	subject   string
	audience  []string
	notBefore time.Time // zero if there is none
	expires   time.Time // zero if there is none

	// What tokens of Entra itself show.
	scopes       string // a user's token, unless it is empty or "/"
	exchangeInfo bool   // it has xms_ficinfo
	fromIdentity bool   // it has xms_mirid: a managed identity's

	signed    []byte
	signature []byte
}

// assertionSkew is how wrong a client's clock may be.
const assertionSkew = 5 * time.Minute

// parseAssertion reads the compact form of an assertion; the problem says what
// is wrong with it.
func parseAssertion(compact string) (a *assertion, problem string) {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return nil, "it has not three parts"
	}
	header, ok := decodeObject(parts[0])
	if !ok {
		return nil, "its header is not a JSON object"
	}
	claims, ok := decodeObject(parts[1])
	if !ok {
		return nil, "its payload is not a JSON object"
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, "its signature is not base64url"
	}
	a = &assertion{
		kind:      readText(header["typ"]),
		algorithm: readText(header["alg"]),
		keyID:     readText(header["kid"]),
		x5t:       thumbprint(readText(header["x5t"])),
		x5tS256:   thumbprint(readText(header["x5t#S256"])),
		issuer:    readText(claims["iss"]),
		subject:   readText(claims["sub"]),
		audience:  readTexts(claims["aud"]),
		signed:    []byte(parts[0] + "." + parts[1]),
		signature: signature,

		scopes:       readText(claims["scp"]),
		exchangeInfo: claims["xms_ficinfo"] != nil,
		fromIdentity: claims["xms_mirid"] != nil,
	}
	var good bool
	if a.notBefore, good = readDate(claims["nbf"]); !good {
		return nil, "its nbf is not a date"
	}
	if a.expires, good = readDate(claims["exp"]); !good {
		return nil, "its exp is not a date"
	}
	return a, ""
}

func decodeObject(part string) (map[string]json.RawMessage, bool) {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil, false
	}
	var object map[string]json.RawMessage
	err = json.Unmarshal(text, &object)
	return object, err == nil && object != nil
}

// readText returns a JSON string, and "" for anything else.
func readText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

// readTexts returns one JSON string or an array of them.
func readTexts(raw json.RawMessage) []string {
	if text := readText(raw); text != "" {
		return []string{text}
	}
	var texts []string
	if json.Unmarshal(raw, &texts) != nil {
		return nil
	}
	return texts
}

// readDate reads seconds since 1970: an integer, a float as MSAL Python writes
// it, or either in quotes as MSAL.NET does. No date at all is the zero time.
func readDate(raw json.RawMessage) (at time.Time, ok bool) {
	if raw == nil {
		return time.Time{}, true
	}
	const year9999 = 253402300799
	seconds, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > year9999 {
		return time.Time{}, false
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)), true
}

// thumbprint returns the base64url form without padding: MSAL Go writes the standard
// one with padding, MSAL Node base64url without, MSAL Python base64url with.
func thumbprint(s string) string {
	return strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(s), "=")
}

// isFor reports whether the assertion is meant for a tenant of this origin: its
// audience is one of the tenant's token endpoints or its issuer, by ID or by domain name.
func (a *assertion) isFor(origin string, t *directory.Tenant) bool {
	return slices.ContainsFunc(a.audience, func(audience string) bool {
		rest, ok := strings.CutPrefix(text.LowerASCII(audience), text.LowerASCII(origin)+"/")
		name, path, _ := strings.Cut(strings.TrimSuffix(rest, "/"), "/")
		if !ok || !t.IsNamed(name) {
			return false
		}
		return path == "oauth2/v2.0/token" || path == "oauth2/token" || path == "v2.0"
	})
}

// checkTimes checks that the assertion is valid now.
func (a *assertion) checkTimes(now time.Time) *refusal.Refusal {
	switch {
	case a.expires.IsZero():
		return refusal.MalformedAssertion.With("it has no exp")
	case now.Before(a.notBefore.Add(-assertionSkew)) || !now.Before(a.expires.Add(assertionSkew)):
		from := "any time"
		if !a.notBefore.IsZero() {
			from = a.notBefore.UTC().Format(refusal.TimestampForm)
		}
		return refusal.AssertionOutOfTime.With(from, a.expires.UTC().Format(refusal.TimestampForm), now.UTC().Format(refusal.TimestampForm))
	}
	return nil
}

// signedBy checks the signature by the two algorithms that Entra takes
// (RFC 7518, 3.3 and 3.5).
func (a *assertion) signedBy(key *rsa.PublicKey) bool {
	digest := sha256.Sum256(a.signed)
	switch a.algorithm {
	case "RS256":
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], a.signature) == nil
	case "PS256":
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		return rsa.VerifyPSS(key, crypto.SHA256, digest[:], a.signature, options) == nil
	}
	return false
}
