package call

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// maxClaims bounds a decoded claims challenge in bytes: real ones have a hundred.
const maxClaims = 4 << 10

// ClaimsChallenge returns the claims that an API asks for with
// error="insufficient_claims" (learn.microsoft.com/entra/identity-platform/claims-challenge),
// as one line of JSON: what the next token request has to carry. ok is false
// where there is no such challenge, or where it holds no JSON object.
func (c Challenge) ClaimsChallenge() (claims string, ok bool) {
	if c.Params["error"] != "insufficient_claims" {
		return "", false
	}
	decoded, err := base64.RawURLEncoding.DecodeString(urlAlphabet(c.Params["claims"]))
	if err != nil || len(decoded) > maxClaims {
		return "", false
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(decoded, &object) != nil || object == nil {
		return "", false
	}
	var line bytes.Buffer
	if json.Compact(&line, decoded) != nil || strings.ContainsFunc(line.String(), notPlain) {
		return "", false
	}
	return line.String(), true
}

// urlAlphabet makes one of the two alphabets of RFC 4648, padded or not, which
// are both in use here.
func urlAlphabet(s string) string {
	return strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(s, "="))
}

// notPlain keeps a server from putting anything but plain text into a command
// that somebody is told to run.
func notPlain(r rune) bool { return r < ' ' || r > '~' }
