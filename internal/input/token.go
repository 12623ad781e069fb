package input

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"m2m/internal/text"
)

// Clean takes a token out of what people paste: white space and invisible
// characters, quotes, "Authorization:", "Bearer ", "export NAME=", the JSON of the
// usual tools, a URL with the token in it, base64 of it, and lines that were
// folded. It lists what it removed, in words. The error is a *SpaceError if white
// space is left inside.
func Clean(input string) (token string, stripped []string, err error) {
	if isTokenText(input) && strings.Contains(input, ".") {
		return input, nil, nil // nearly always
	}
	var c changes
	s := input
	if decoded, changed := Text([]byte(s)); changed != nil {
		s, c = decoded, append(c, changed...)
	}
	s = c.record("white space", s, strings.TrimSpace(s))
	s = c.record("invisible characters", s, strings.TrimSpace(withoutInvisible(s)))
	s = cleanAround(&c, s)
	if member, found := fromJSON(s); found {
		s = cleanAround(&c, c.record("the JSON around it", s, member))
	}
	if unescaped, err := url.PathUnescape(s); err == nil && unescaped != s && jwtRuns(unescaped) != nil {
		s = c.record("percent-encoding", s, unescaped)
	}
	s = decodeBase64JWT(&c, s)
	runs := jwtRuns(s)
	if joined := unfold(s); isJWTText(joined) && (len(runs) == 0 || len(runs) == 1 && !isComplete(runs[0])) {
		s = c.record("line breaks or spaces inside", s, joined)
	} else if len(runs) == 1 {
		s = c.record("the text around it", s, runs[0])
	}
	if i := text.IndexSpace(s); i >= 0 {
		return "", c, &SpaceError{text.SpaceAt(s, i)}
	}
	return s, c, nil
}

// SpaceError says that a token holds white space.
type SpaceError struct{ Where string }

// Error implements error.
func (e *SpaceError) Error() string {
	return "form: the token holds a character that is not base64url, found " + e.Where
}

// cleanAround removes what stands in front of a token or around it, in any
// order that people paste it in.
func cleanAround(c *changes, s string) string {
	for {
		before := s
		s = c.record("quotes", s, strings.TrimSpace(unquote(s)))
		s = c.record("the header's name", s, strings.TrimSpace(cutPrefixFold(s, "Authorization:")))
		s = c.record("the scheme Bearer", s, strings.TrimSpace(cutScheme(s)))
		s = c.record("the variable's name", s, strings.TrimSpace(cutAssignment(s)))
		if s == before {
			return s
		}
	}
}

func cutScheme(s string) string {
	if rest := cutPrefixFold(s, "Bearer"); rest != s && strings.TrimLeftFunc(rest, unicode.IsSpace) != rest {
		return rest
	}
	return s
}

// cutAssignment removes "NAME=", "export NAME=", "set NAME=", "$env:NAME = " and
// "$NAME=" in front of a token.
func cutAssignment(s string) string {
	rest := s
	for _, word := range []string{"export ", "set ", "setx ", "$env:", "$"} {
		rest = strings.TrimLeft(cutPrefixFold(rest, word), " ")
	}
	name, value, found := strings.Cut(rest, "=")
	name = strings.TrimSpace(name)
	if !found || !isVariableName(name) || strings.Trim(value, "= ") == "" {
		return s
	}
	return value
}

func withoutInvisible(s string) string {
	return strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, s)
}

// isTokenText reports whether s has only the characters of a compact JWT.
func isTokenText(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
}

// headerStarts begin base64url of a JSON object: of {", of { with a space or a line
// end behind it.
var headerStarts = []string{"eyJ", "eyAi", "eyAg", "ewog", "ewoi", "ewoJ", "ew0K"}

// isJWTText reports whether s looks like a whole compact JWS or JWE: three or five
// parts, the first of them a JSON object.
func isJWTText(s string) bool {
	dots := strings.Count(s, ".")
	return (dots == 2 || dots == 4) && isTokenText(s) &&
		slices.ContainsFunc(headerStarts, func(start string) bool { return strings.HasPrefix(s, start) })
}

// jwtRuns returns the different words of s that look like a JWT and that nothing
// of a token's own adjoins.
func jwtRuns(s string) []string {
	var found []string
	start := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && isTokenByte(s[i]) {
			continue
		}
		word := s[start:i]
		fits := (start == 0 || strings.IndexByte(" \t\r\n\"'`=:#?&<>(){}[],;|", s[start-1]) >= 0) &&
			(i == len(s) || strings.IndexByte(" \t\r\n\"'`&#<>(){}[],;|\\", s[i]) >= 0)
		if fits && isJWTText(word) && !slices.Contains(found, word) {
			found = append(found, word)
		}
		start = i + 1
	}
	return found
}

// signatureLengths are those of base64url of HS256, ES256, ES384 and ES512, and of
// RSA keys of 2,048, 3,072 and 4,096 bits.
var signatureLengths = []int{43, 64, 86, 128, 176, 342, 512, 683}

// isComplete reports whether a signature is as long as signatures are, so that what
// follows a token is not its next line.
func isComplete(jwt string) bool {
	return slices.Contains(signatureLengths, len(jwt)-strings.LastIndexByte(jwt, '.')-1)
}

// unfold removes white space inside s, and the marks of a line that continues: \
// of a shell, = of quoted-printable, > of a quoted mail.
func unfold(s string) string {
	if text.IndexSpace(s) < 0 {
		return s
	}
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	for i, line := range lines {
		line = strings.TrimLeft(strings.TrimSpace(line), "> ")
		if i < len(lines)-1 {
			line = strings.TrimRight(line, `\=`)
		}
		lines[i] = line
	}
	return strings.Join(strings.Fields(strings.Join(lines, "")), "")
}

// decodeBase64JWT decodes base64 of a token, once or twice.
func decodeBase64JWT(c *changes, s string) string {
	inner := s
	for range 2 {
		data, ok := decodeBase64(inner)
		if !ok {
			return s
		}
		if inner = strings.TrimSpace(string(data)); isJWTText(inner) {
			return c.record("base64", s, inner)
		}
	}
	return s
}

// decodeBase64 decodes base64 of any alphabet, with or without padding and line
// breaks.
func decodeBase64(s string) ([]byte, bool) {
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.Join(strings.Fields(s), ""))
	s = strings.TrimRight(s, "=")
	if len(s) < 4 {
		return nil, false
	}
	data, err := base64.RawStdEncoding.DecodeString(s)
	return data, err == nil
}

// tokenMembers are the members in which tools give a token, the best first: the
// token endpoint and m2m; az account get-access-token; Get-AzAccessToken; azd and
// ExecCredential; GitHub Actions and Key Vault; Azure Pipelines; AWS.
var tokenMembers = []string{
	"access_token", "accesstoken", "token", "value", "oidctoken", "webidentitytoken", "id_token", "idtoken", "client_assertion",
}

// fromJSON returns the token in a JSON value: the only text that looks like a JWT,
// else the first of tokenMembers.
func fromJSON(s string) (token string, found bool) {
	if s == "" || strings.IndexByte(`{["`, s[0]) < 0 {
		return "", false
	}
	var value any
	if json.Unmarshal([]byte(s), &value) != nil {
		return "", false
	}
	byMember, jwts := map[string]string{}, []string(nil)
	walkTexts(value, "", func(member, s string) {
		member = strings.ToLower(member)
		if _, seen := byMember[member]; !seen && s != "" {
			byMember[member] = s
		}
		if t := strings.TrimSpace(cutScheme(strings.TrimSpace(s))); isJWTText(t) && !slices.Contains(jwts, t) {
			jwts = append(jwts, t)
		}
	})
	if len(jwts) == 1 {
		return jwts[0], true
	}
	for _, member := range tokenMembers {
		if s, ok := byMember[member]; ok && (len(jwts) == 0 || isJWTText(s)) {
			return s, true
		}
	}
	return "", false
}

// walkTexts calls visit for every text in a JSON value with the name of the member
// that holds it, in the order of names.
func walkTexts(value any, member string, visit func(member, s string)) {
	switch v := value.(type) {
	case string:
		visit(member, v)
	case []any:
		for _, inner := range v {
			walkTexts(inner, member, visit)
		}
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			walkTexts(v[name], name, visit)
		}
	}
}
