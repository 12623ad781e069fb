package call

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Bounds of a challenge: what comes is from a server that may be anyone's.
const (
	maxChallengeBytes = 16 << 10
	maxChallenges     = 16
	maxParams         = 32
)

// Challenge is one challenge of a WWW-Authenticate field (RFC 9110 section 11.6.1).
type Challenge struct {
	// Scheme is the authentication scheme as it came, such as "Bearer".
	Scheme string `json:"scheme"`
	// Token68 is the blob that some schemes have instead of parameters.
	Token68 string `json:"token68,omitempty"`
	// Params holds the parameters, names in lower case, values unquoted. Of two
	// with one name the first counts.
	Params map[string]string `json:"params,omitempty"`
	// Rest is what is neither a scheme nor a parameter: some servers write a
	// sentence. The scheme is empty where the whole field is one.
	Rest string `json:"text,omitempty"`
}

// Names returns the names of the parameters: what went wrong first, then by
// alphabet.
func (c Challenge) Names() []string {
	first := func(name string) int { return slices.Index([]string{"error_description", "error"}, name) }
	return slices.SortedFunc(maps.Keys(c.Params), func(a, b string) int {
		return cmp.Or(cmp.Compare(first(b), first(a)), cmp.Compare(a, b))
	})
}

// Is reports whether the challenge is of a scheme, in any case.
func (c Challenge) Is(scheme string) bool { return strings.EqualFold(c.Scheme, scheme) }

// ParseChallenges reads the values of WWW-Authenticate fields. A field may hold
// several challenges, whose parameters are separated by commas too. It never
// fails: what is neither a scheme nor a parameter is kept as text, because half of
// a challenge explains more than none. What exceeds 16 KiB, 16 challenges or 32 parameters
// each is left out.
func ParseChallenges(values []string) []Challenge {
	var p challengeParser
	left := maxChallengeBytes
	for _, v := range values {
		v = v[:min(len(v), left)]
		left -= len(v)
		p.field(v)
	}
	return p.challenges
}

type challengeParser struct {
	rest       string
	challenges []Challenge
	dropping   bool // parameters belong to a challenge that is not kept
}

func (p *challengeParser) field(s string) {
	p.rest, p.dropping = s, true
	afterComma := true
	for {
		trimmed := strings.TrimLeft(p.rest, " \t,")
		afterComma = afterComma || strings.Contains(p.rest[:len(p.rest)-len(trimmed)], ",")
		if p.rest = trimmed; trimmed == "" {
			return
		}
		before := p.rest
		name := p.token()
		switch {
		case name == "":
			p.text("")
		case p.equals():
			p.param(name)
		case afterComma && (p.rest == "" || strings.IndexByte(" ,\t", p.rest[0]) >= 0):
			p.scheme(name)
		default:
			p.text(before[:len(before)-len(p.rest)])
		}
		afterComma = false
	}
}

func (p *challengeParser) scheme(name string) {
	p.dropping = len(p.challenges) == maxChallenges
	if p.dropping {
		return
	}
	c := Challenge{Scheme: name}
	if strings.HasPrefix(p.rest, " ") {
		c.Token68 = p.token68()
	}
	p.challenges = append(p.challenges, c)
}

// token68 reads one if that is all up to the next comma: otherwise it is the
// first parameter, or the next scheme.
func (p *challengeParser) token68() string {
	s := strings.TrimLeft(p.rest, " \t")
	end := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(token68Alphabet, r) })
	if end < 0 {
		end = len(s)
	}
	for end > 0 && end < len(s) && s[end] == '=' {
		end++
	}
	after := strings.TrimLeft(s[end:], " \t")
	if end == 0 || after != "" && after[0] != ',' {
		return ""
	}
	p.rest = after
	return s[:end]
}

const token68Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"

func (p *challengeParser) param(name string) {
	value := p.value()
	if p.dropping {
		return
	}
	c := &p.challenges[len(p.challenges)-1]
	name = strings.ToLower(name)
	if _, seen := c.Params[name]; seen || len(c.Params) == maxParams {
		return
	}
	if c.Params == nil {
		c.Params = map[string]string{}
	}
	c.Params[name] = value
}

// value reads a quoted string, or everything up to the next comma or the next
// parameter: addresses and sentences are found there without quotes, and Azure
// Storage separates its parameters by spaces alone.
func (p *challengeParser) value() string {
	if strings.HasPrefix(p.rest, `"`) {
		return p.quoted()
	}
	value, _, _ := strings.Cut(p.rest, ",")
	for i := range len(value) {
		if value[i] == ' ' && startsParam(value[i+1:]) {
			value = value[:i]
			break
		}
	}
	p.rest = p.rest[len(value):]
	return strings.TrimRight(value, " \t")
}

// startsParam reports whether s begins with a name, an equals sign and a value.
func startsParam(s string) bool {
	i := 0
	for i < len(s) && isTokenByte(s[i]) {
		i++
	}
	return i > 0 && i+1 < len(s) && s[i] == '=' && s[i+1] != '=' && s[i+1] != ' '
}

// quoted reads a quoted string (RFC 9110 section 5.6.4); one without an end is
// what remains.
func (p *challengeParser) quoted() string {
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			p.rest = p.rest[i+1:]
			return b.String()
		case c == '\\' && i+1 < len(p.rest):
			i++
			b.WriteByte(p.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	p.rest = ""
	return b.String()
}

func (p *challengeParser) token() string {
	i := 0
	for i < len(p.rest) && isTokenByte(p.rest[i]) {
		i++
	}
	name := p.rest[:i]
	p.rest = p.rest[i:]
	return name
}

// equals consumes an equals sign and the white space that old servers put
// around it.
func (p *challengeParser) equals() bool {
	s, found := strings.CutPrefix(strings.TrimLeft(p.rest, " \t"), "=")
	if found {
		p.rest = strings.TrimLeft(s, " \t")
	}
	return found
}

// text keeps what is neither a parameter nor a challenge; before is what was read
// of it. It belongs to the last challenge, or to one without a scheme.
func (p *challengeParser) text(before string) {
	item := before
	if strings.HasPrefix(p.rest, `"`) {
		item += p.quoted()
	} else {
		end := strings.IndexAny(p.rest, `,"`)
		if end < 0 {
			end = len(p.rest)
		}
		item += p.rest[:end]
		p.rest = p.rest[end:]
	}
	if item = strings.Trim(item, " \t"); !strings.ContainsFunc(item, unicode.IsLetter) {
		return
	}
	if p.dropping {
		if len(p.challenges) == maxChallenges {
			return
		}
		p.challenges = append(p.challenges, Challenge{})
		p.dropping = false
	}
	c := &p.challenges[len(p.challenges)-1]
	c.Rest = strings.TrimSpace(c.Rest + " " + item)
}

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
// that a user is advised to run.
func notPlain(r rune) bool { return r < ' ' || r > '~' }
