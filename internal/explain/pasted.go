package explain

import (
	"cmp"
	_ "embed" // for pasted.json
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"m2m/internal/entra"
	"m2m/internal/input"
	"m2m/internal/issuer"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/verify"
)

// pasted is what a text is that was given as a token, and is not one. It holds
// nothing of the text itself.
type pasted struct {
	is      string // with its article: "a client secret"
	fix     string // what to do instead; empty for the general advice
	certain bool
	secret  bool // whoever sees it can use it
}

func (p pasted) cause() string {
	if p.certain {
		return "this is " + p.is + ", not a JWT"
	}
	return "this is likely " + p.is + ", not a JWT"
}

// pastedFix says what to do with it, and with a secret that others may see now.
func (r tokenReport) pastedFix(p pasted) string {
	fix := cmp.Or(p.fix, "pass the access token: it begins with eyJ and holds two dots")
	switch {
	case r.Situation.inAnswer:
		return "send an access token: it begins with eyJ and holds two dots"
	case !p.secret:
		return fix
	case r.File == "" && !p.certain:
		return clauses("if it is a secret, it is now in your shell history: revoke it and create a new one", fix)
	case r.File == "":
		return clauses("it is now in your shell history: revoke it and create a new one", fix)
	}
	return clauses("if others have seen it, revoke it and create a new one", fix)
}

// whatIs says what was given instead of a token: the text as it is, or less what
// people paste with it.
func (r tokenReport) whatIs() (p pasted, ok bool) {
	s := r.Text.Reveal()
	if r.NamesFile {
		return pasted{is: aFile, fix: readFile(s), certain: true}, true
	}
	s = strings.TrimSpace(text.Cut(s, maxPasted))
	if p, ok := byShape(s, true); ok {
		return p, true
	}
	if cleaned, _, err := input.Clean(s); err == nil {
		if p, ok := whatIs(cleaned); ok {
			return p, true
		}
	}
	return whatIs(s)
}

// aFile is what a name of a file is called, whose fix holds the name.
const aFile = "the name of a file"

func readFile(name string) string {
	return "read the file: m2m verify " + text.ShellQuote("@"+text.Bound(name, maxShown))
}

// NotToken says in Cause why a text is not a token, and in Fix what to do.
type NotToken struct{ Cause, Fix string }

// NotAToken says what a text is of which nothing could be read as a token; err is what
// jwt.Decode returned for it.
func NotAToken(err error, j Judged) NotToken {
	r := tokenReport{&verify.Report{}, j, &issuer.Family{}}
	f := verify.Finding{Check: verify.CheckForm, Status: verify.Fail}
	if fault := (*jwt.Fault)(nil); errors.As(err, &fault) {
		f.Reason, f.Found = verify.Reason(fault.Reason), fault.Found
	}
	a := r.adviseForm(&f)
	return NotToken{a.cause, a.fix}
}

// maxShape bounds what is compared with expressions, in bytes, and maxPasted what is
// looked at in other ways.
const maxShape, maxPasted = 4 << 10, 64 << 10

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
var pastedJSON []byte

// shapes are the forms that are recognised, the most telling first.
var shapes = sync.OnceValue(func() []shape {
	var all []shape
	if err := json.Unmarshal(pastedJSON, &all); err != nil {
		return nil // the data is compiled in; a test decodes it
	}
	for i := range all {
		all[i].expression = regexp.MustCompile(all[i].Pattern)
	}
	return all
})

// whatIs says what a text is that is not a token; ok is false where it may be a part
// of one, or nothing is known.
func whatIs(s string) (p pasted, ok bool) {
	return whatIsWithin(strings.TrimSpace(text.Cut(s, maxPasted)), 2)
}

// whatIsWithin looks into base64 too, to a depth.
func whatIsWithin(s string, depth int) (p pasted, ok bool) {
	if s == "" {
		return pasted{}, false
	}
	for _, look := range []func(string) (pasted, bool){severalTokens, providerError, jsonDocument} {
		if p, ok := look(s); ok {
			return p, true
		}
	}
	if p, ok := tokenPart(s); ok || strings.HasPrefix(s, "eyJ") && !isShortened(s) {
		return p, ok
	}
	if p, ok := byShape(s, true); ok {
		return p, true
	}
	if entra.IsPlaceholder(s) {
		return pasted{is: "a placeholder", fix: "put the token itself there", certain: true}, true
	}
	if depth > 0 {
		if p, ok := base64Of(s, depth); ok {
			return p, true
		}
	}
	return byShape(s, false)
}

// isShortened reports whether a program that showed a text left out its end.
func isShortened(s string) bool { return strings.Contains(s, "...") || strings.Contains(s, "…") }

// byShape finds the first row that matches, among those that are certain or the others.
func byShape(s string, certain bool) (pasted, bool) {
	s = text.Cut(s, maxShape)
	for _, row := range shapes() {
		if row.Certain == certain && row.expression.MatchString(s) {
			p := pasted{row.Is, row.Fix, row.Certain, row.Secret}
			if p.is == aFile {
				p.fix = readFile(s)
			}
			return p, true
		}
	}
	return pasted{}, false
}

// severalTokens finds more than one token.
func severalTokens(s string) (pasted, bool) {
	words := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;|\"'", r) })
	found := map[string]bool{}
	for _, word := range words {
		if strings.HasPrefix(word, "eyJ") && strings.Count(word, ".") >= 2 {
			found[word] = true
		}
	}
	if len(words) == 3 && !strings.Contains(s, ".") && strings.HasPrefix(words[0], "eyJ") && strings.HasPrefix(words[1], "eyJ") {
		return pasted{is: "the three parts of a token without the dots", fix: "put a dot between the parts, without spaces", certain: true}, true
	}
	if len(found) < 2 {
		return pasted{}, false
	}
	return pasted{
		is: fmt.Sprintf("%d tokens", len(found)), certain: true,
		fix: "pass one; many are read from a file with one a line: m2m verify --batch @tokens.txt",
	}, true
}

// providerError finds an error of Entra, in whatever stands around it.
func providerError(s string) (pasted, bool) {
	at := strings.Index(s, "AADSTS")
	if at < 0 || strings.HasPrefix(s, "eyJ") {
		return pasted{}, false
	}
	code, ok := entra.ParseAADSTS(s[at:])
	if !ok {
		return pasted{}, false
	}
	p := pasted{is: fmt.Sprintf("an Entra error, AADSTS%d", code), certain: true, fix: fmt.Sprintf("m2m help AADSTS%d", code)}
	if known, ok := entra.LookupAADSTS(code); ok {
		p.is += " (" + strings.TrimSuffix(known.Cause, ".") + ")"
		p.fix = strings.TrimSuffix(known.Remedy, ".")
	}
	return p, true
}

// jsonDocument names JSON by what it holds.
func jsonDocument(s string) (pasted, bool) {
	if s[0] != '{' && s[0] != '[' {
		return pasted{}, false
	}
	if s[0] == '[' {
		if !json.Valid([]byte(s)) {
			return pasted{}, false
		}
		return pasted{is: "a JSON array without a token", certain: true}, true
	}
	var members map[string]any
	if json.Unmarshal([]byte(s), &members) != nil {
		return pasted{}, false
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { _, ok := members[name]; return ok })
	}
	switch {
	case has("keys"):
		return pasted{is: "a key set (JWKS)", fix: "it is for --jwks: m2m verify --jwks FILE --issuer ISSUER @token.txt", certain: true}, true
	case has("jwks_uri"):
		return pasted{is: "a discovery document", fix: "it is for --jwks, which reads its jwks_uri", certain: true}, true
	case has("error", "errorCode", "error_description", "errors"):
		word, _ := members["error"].(string)
		return pasted{is: strings.TrimSpace("an error answer " + text.Bound(word, maxShown)), certain: true,
			fix: "look at the request that was to fetch the token"}, true
	case has("refresh_token") && !has("access_token"):
		return pasted{is: "JSON with a refresh token and no access token", fix: afresh, certain: true, secret: true}, true
	case has("clientSecret", "client_secret", "password", "private_key"):
		return pasted{is: "JSON with a credential", fix: useSecret, certain: true, secret: true}, true
	case has("alg") && !has("iss", "sub", "aud", "exp"):
		return pasted{is: "the decoded header of a token", fix: "pass the token itself, encoded: it begins with eyJ", certain: true}, true
	case has("iss", "sub", "aud", "exp"):
		return pasted{is: "the decoded claims of a token", fix: "pass the token itself, encoded: it begins with eyJ", certain: true}, true
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
	return pasted{is: is, certain: true}, true
}

// tokenPart finds one part of a token, or a token without the dots.
func tokenPart(s string) (pasted, bool) {
	if !strings.HasPrefix(s, "ey") || strings.Contains(s, ".") {
		return pasted{}, false
	}
	data, _ := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	var members map[string]any
	if json.Unmarshal(data, &members) != nil {
		return pasted{}, false
	}
	const whole = "pass the whole token, with its three parts and the dots between them"
	_, isHeader := members["alg"]
	_, hasRefresh := members["refresh_token"]
	switch {
	case hasRefresh:
		return pasted{is: "JSON with a refresh token, in base64", fix: afresh, certain: true, secret: true}, true
	case isHeader:
		return pasted{is: "the header of a token alone", fix: whole, certain: true}, true
	}
	return pasted{is: "the claims of a token alone, or other JSON in base64", fix: whole, certain: true}, true
}

// base64Of names what base64 holds, if that is text or a known format.
func base64Of(s string, depth int) (pasted, bool) {
	bare := strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "").Replace(strings.TrimRight(s, "="))
	data, err := base64.RawStdEncoding.DecodeString(bare)
	if err != nil || len(data) < 8 {
		return pasted{}, false
	}
	switch decoded := strings.TrimSpace(string(data)); {
	case strings.HasPrefix(decoded, "\x30\x82") || strings.HasPrefix(decoded, "\x30\x81"):
		return derFormat(data), true
	case strings.HasPrefix(decoded, "\xef\xbb\xbf"), !isText(decoded):
		return pasted{}, false
	default:
		if inner, ok := whatIsWithin(decoded, depth-1); ok && inner.certain {
			inner.is += ", in base64"
			return inner, true
		}
		if user, password, isPair := strings.Cut(decoded, ":"); isPair && user != "" && password != "" && !strings.ContainsAny(decoded, " \n") {
			return pasted{is: "a user name and password in base64, as Basic has them", fix: useToken, secret: true}, true
		}
		return pasted{is: "other text in base64"}, len(decoded) >= 12
	}
}

// derFormat names DER: a certificate begins with a sequence of a sequence, a PFX and
// a private key with a version number.
func derFormat(der []byte) pasted {
	if len(der) > 5 && der[4] == 0x02 {
		return pasted{is: "a private key or a PFX file in base64", certain: true, secret: true,
			fix: "a certificate with its key is for m2m token --certificate FILE"}
	}
	return pasted{is: "a certificate or a public key in base64", certain: true}
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
