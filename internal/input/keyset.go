package input

import (
	"encoding/json"
	"strings"

	"m2m/internal/text"
)

// KeySet takes a JSON Web Key Set (RFC 7517) out of what people have: a byte order
// mark, UTF-16, quotes around it, base64 of it, or one key without its set. The error
// is a *NotError.
func KeySet(data []byte) (set []byte, changed []string, err error) {
	s, changed := Text(data)
	c := changes(changed)
	s = c.record("white space around it", s, trimAround(s))
	if decoded, ok := decodeBase64(s); ok && strings.HasPrefix(strings.TrimSpace(string(decoded)), "{") {
		s = c.record("base64", s, strings.TrimSpace(string(decoded)))
	}
	var inString string
	if json.Unmarshal([]byte(s), &inString) != nil {
		inString = unquote(s)
	}
	if inner := strings.TrimSpace(inString); strings.HasPrefix(inner, "{") {
		s = c.record("quotes", s, inner)
	}
	var document struct {
		Keys    json.RawMessage `json:"keys"`
		Kty     string          `json:"kty"`
		JWKSURI string          `json:"jwks_uri"`
		Error   json.RawMessage `json:"error"`
	}
	switch err := json.Unmarshal([]byte(s), &document); {
	case s == "":
		return nil, c, not("empty", "check the command or download that made the file")
	case err == nil && document.Keys != nil:
	case err == nil && document.Kty != "":
		s = c.record("one key, put into a set", s, `{"keys":[`+s+`]}`)
	case err == nil && document.JWKSURI != "":
		return nil, c, not("a discovery document, not a key set",
			"use the key set that it names: "+text.OneLine(document.JWKSURI, 200))
	case err == nil && document.Error != nil:
		return nil, c, not("the error of a server in JSON, not a key set", "fetch the key set again")
	case strings.Contains(s, "-----BEGIN"):
		return nil, c, not("a PEM file, not a key set (JWKS, JSON)",
			"use the issuer's jwks_uri")
	case strings.HasPrefix(s, "<"):
		return nil, c, not("an HTML or XML page, not a key set", "fetch the key set again: a sign-in page came in its place")
	case isJWTText(s):
		return nil, c, not("a token, not a key set", "give the key set of the token's issuer")
	case err != nil && strings.HasPrefix(s, "{"):
		return nil, c, not("JSON that cannot be read, not a key set", "fetch the key set again: it may be cut off")
	case err != nil:
		return nil, c, not("not a key set (JWKS, JSON)", "use the issuer's jwks_uri")
	}
	return []byte(s), c, nil
}
