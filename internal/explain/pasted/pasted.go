// Package pasted names what a text is that was given as a token, and is not one: a
// client secret, a refresh token, a key set, an error of Entra. The forms are rows of
// pasted.json, each with a source.
package pasted

import (
	_ "embed" // for pasted.json
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"m2m/internal/entra"
	"m2m/internal/text"
)

// Kind is what a text is. It holds nothing of the text itself.
type Kind struct {
	Is      string // with its article: "a client secret"
	Fix     string // what to do instead; empty for the general advice
	Certain bool
	Secret  bool // anyone who sees it can use it
}

// Cause says it in a clause.
func (k Kind) Cause() string {
	if k.Certain {
		return "this is " + k.Is + ", not a JWT"
	}
	return "this is likely " + k.Is + ", not a JWT"
}

// aFile is what a name of a file is called, whose fix holds the name.
const aFile = "the name of a file"

func readFile(name string) string {
	return "read the file: m2m verify " + text.ShellQuote("@"+text.Bound(name, maxShown))
}

// FileName is the kind of a text that is the name of a file.
func FileName(name string) Kind { return Kind{Is: aFile, Fix: readFile(name), Certain: true} }

// maxShape bounds what is compared with expressions, in bytes, and maxPasted what is
// looked at in other ways.
const maxShape, maxPasted = 4 << 10, 64 << 10

// maxShown bounds in bytes what is repeated of a text.
const maxShown = 200

// useSecret and afresh are fixes of credentials.
const (
	useSecret = "put it into CLIENT_SECRET or a file: m2m token --client-secret-file FILE"
	useToken  = "pass the access token itself"
	afresh    = "fetch an access token with it where it belongs; it is not for an API"
)

// shape is a kind of text by its form: a row of pasted.json.
type shape struct {
	Pattern  string   `json:"pattern"`
	Is       string   `json:"is"`
	Fix      string   `json:"fix"`
	Certain  bool     `json:"certain"`
	Secret   bool     `json:"secret"`
	Source   string   `json:"source"`
	Examples []string `json:"examples"`

	expression *regexp.Regexp
}

//go:embed pasted.json
var data []byte

// shapes are the forms that are recognised, the most telling first.
var shapes = sync.OnceValue(func() []shape {
	var all []shape
	if err := json.Unmarshal(data, &all); err != nil {
		return nil // the data is compiled in; a test decodes it
	}
	for i := range all {
		all[i].expression = regexp.MustCompile(all[i].Pattern)
	}
	return all
})

// WhatIs says what a text is that is not a token; ok is false where it may be a part
// of one, or nothing is known.
func WhatIs(s string) (k Kind, ok bool) {
	return within(strings.TrimSpace(text.Cut(s, maxPasted)), 2)
}

// within looks into base64 too, to a depth.
func within(s string, depth int) (k Kind, ok bool) {
	if s == "" {
		return Kind{}, false
	}
	for _, look := range []func(string) (Kind, bool){severalTokens, providerError, jsonDocument} {
		if p, ok := look(s); ok {
			return p, true
		}
	}
	if p, ok := tokenPart(s); ok || strings.HasPrefix(s, "eyJ") && !isShortened(s) {
		return p, ok
	}
	if p, ok := ByShape(s, true); ok {
		return p, true
	}
	if entra.IsPlaceholder(s) {
		return Kind{Is: "a placeholder", Fix: "put the token itself there", Certain: true}, true
	}
	if depth > 0 {
		if p, ok := base64Of(s, depth); ok {
			return p, true
		}
	}
	return ByShape(s, false)
}

// isShortened reports whether a program that showed a text left out its end.
func isShortened(s string) bool { return strings.Contains(s, "...") || strings.Contains(s, "…") }

// ByShape finds the first row that matches, among those that are certain or the others.
func ByShape(s string, certain bool) (Kind, bool) {
	s = text.Cut(s, maxShape)
	for _, row := range shapes() {
		if row.Certain == certain && row.expression.MatchString(s) {
			p := Kind{row.Is, row.Fix, row.Certain, row.Secret}
			if p.Is == aFile {
				p.Fix = readFile(s)
			}
			return p, true
		}
	}
	return Kind{}, false
}

// severalTokens finds more than one token.
func severalTokens(s string) (Kind, bool) {
	words := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;|\"'", r) })
	found := map[string]bool{}
	for _, word := range words {
		if strings.HasPrefix(word, "eyJ") && strings.Count(word, ".") >= 2 {
			found[word] = true
		}
	}
	if len(words) == 3 && !strings.Contains(s, ".") && strings.HasPrefix(words[0], "eyJ") && strings.HasPrefix(words[1], "eyJ") {
		return Kind{Is: "the three parts of a token without the dots", Fix: "put a dot between the parts, without spaces", Certain: true}, true
	}
	if len(found) < 2 {
		return Kind{}, false
	}
	return Kind{
		Is: fmt.Sprintf("%d tokens", len(found)), Certain: true,
		Fix: "pass one; many are read from a file with one a line: m2m verify --batch @tokens.txt",
	}, true
}

// providerError finds an error of Entra, in whatever stands around it.
func providerError(s string) (Kind, bool) {
	at := strings.Index(s, "AADSTS")
	if at < 0 || strings.HasPrefix(s, "eyJ") {
		return Kind{}, false
	}
	code, ok := entra.ParseAADSTS(s[at:])
	if !ok {
		return Kind{}, false
	}
	p := Kind{Is: fmt.Sprintf("an Entra error, AADSTS%d", code), Certain: true, Fix: fmt.Sprintf("m2m help AADSTS%d", code)}
	if known, ok := entra.LookupAADSTS(code); ok {
		p.Is += " (" + strings.TrimSuffix(known.Cause, ".") + ")"
		p.Fix = strings.TrimSuffix(known.Remedy, ".")
	}
	return p, true
}

// jsonDocument names JSON by what it holds.
func jsonDocument(s string) (Kind, bool) {
	if s[0] != '{' && s[0] != '[' {
		return Kind{}, false
	}
	if s[0] == '[' {
		if !json.Valid([]byte(s)) {
			return Kind{}, false
		}
		return Kind{Is: "a JSON array without a token", Certain: true}, true
	}
	var members map[string]any
	if json.Unmarshal([]byte(s), &members) != nil {
		return Kind{}, false
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { _, ok := members[name]; return ok })
	}
	switch {
	case has("keys"):
		return Kind{Is: "a key set (JWKS)", Fix: "it is for --jwks: m2m verify --jwks FILE --issuer ISSUER @token.txt", Certain: true}, true
	case has("jwks_uri"):
		return Kind{Is: "a discovery document", Fix: "it is for --jwks, which reads its jwks_uri", Certain: true}, true
	case has("error", "errorCode", "error_description", "errors"):
		word, _ := members["error"].(string)
		return Kind{Is: strings.TrimSpace("an error answer " + text.Bound(word, maxShown)), Certain: true,
			Fix: "look at the request that was to fetch the token"}, true
	case has("refresh_token") && !has("access_token"):
		return Kind{Is: "JSON with a refresh token and no access token", Fix: afresh, Certain: true, Secret: true}, true
	case has("clientSecret", "client_secret", "password", "private_key"):
		return Kind{Is: "JSON with a credential", Fix: useSecret, Certain: true, Secret: true}, true
	case has("alg") && !has("iss", "sub", "aud", "exp"):
		return Kind{Is: "the decoded header of a token", Fix: "pass the token itself, encoded: it begins with eyJ", Certain: true}, true
	case has("iss", "sub", "aud", "exp"):
		return Kind{Is: "the decoded claims of a token", Fix: "pass the token itself, encoded: it begins with eyJ", Certain: true}, true
	}
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, text.Bound(name, 20))
	}
	slices.Sort(names)
	is := "an empty JSON object"
	if len(names) > 0 {
		is = "JSON without a token, with the members " + strings.Join(names[:min(5, len(names))], ", ")
	}
	return Kind{Is: is, Certain: true}, true
}

// tokenPart finds one part of a token, or a token without the dots.
func tokenPart(s string) (Kind, bool) {
	if !strings.HasPrefix(s, "ey") || strings.Contains(s, ".") {
		return Kind{}, false
	}
	data, _ := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	var members map[string]any
	if json.Unmarshal(data, &members) != nil {
		return Kind{}, false
	}
	const whole = "pass the whole token, with its three parts and the dots between them"
	_, isHeader := members["alg"]
	_, hasRefresh := members["refresh_token"]
	switch {
	case hasRefresh:
		return Kind{Is: "JSON with a refresh token, in base64", Fix: afresh, Certain: true, Secret: true}, true
	case isHeader:
		return Kind{Is: "the header of a token alone", Fix: whole, Certain: true}, true
	}
	return Kind{Is: "the claims of a token alone, or other JSON in base64", Fix: whole, Certain: true}, true
}

// base64Of names what base64 holds, if that is text or a known format.
func base64Of(s string, depth int) (Kind, bool) {
	bare := strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "").Replace(strings.TrimRight(s, "="))
	data, err := base64.RawStdEncoding.DecodeString(bare)
	if err != nil || len(data) < 8 {
		return Kind{}, false
	}
	switch decoded := strings.TrimSpace(string(data)); {
	case strings.HasPrefix(decoded, "\x30\x82") || strings.HasPrefix(decoded, "\x30\x81"):
		return derFormat(data), true
	case strings.HasPrefix(decoded, "\xef\xbb\xbf"), !isText(decoded):
		return Kind{}, false
	default:
		if inner, ok := within(decoded, depth-1); ok && inner.Certain {
			inner.Is += ", in base64"
			return inner, true
		}
		if user, password, isPair := strings.Cut(decoded, ":"); isPair && user != "" && password != "" && !strings.ContainsAny(decoded, " \n") {
			return Kind{Is: "a user name and password in base64, as Basic has them", Fix: useToken, Secret: true}, true
		}
		return Kind{Is: "other text in base64"}, len(decoded) >= 12
	}
}

// derFormat names DER: a certificate begins with a sequence of a sequence, a PFX and
// a private key with a version number.
func derFormat(der []byte) Kind {
	if len(der) > 5 && der[4] == 0x02 {
		return Kind{Is: "a private key or a PFX file in base64", Certain: true, Secret: true,
			Fix: "a certificate with its key is for m2m token --certificate FILE"}
	}
	return Kind{Is: "a certificate or a public key in base64", Certain: true}
}

// isText reports whether s is printable ASCII with line ends.
func isText(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' || c > '~') && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return s != ""
}
