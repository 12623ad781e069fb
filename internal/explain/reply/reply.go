package reply

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"m2m/internal/call"
	"m2m/internal/text"
)

// Kind is the form of a body.
type Kind string

// The kinds of bodies.
const (
	Empty  Kind = "empty"
	JSON   Kind = "JSON"
	HTML   Kind = "HTML"
	XML    Kind = "XML"
	Text   Kind = "text"
	Binary Kind = "binary"
)

// Role is what a part of a response is for.
type Role string

// The roles that are shown.
const (
	Code    Role = "code"    // a word for programs, such as AuthorizationFailed
	Message Role = "message" // a sentence
	Title   Role = "title"   // of an HTML page
	Value   Role = "value"   // anything else with letters in it
)

// The roles that are noise: they identify the response and say nothing about why.
const (
	ID     Role = "id"     // request and trace ids
	Time   Role = "time"   // when it happened
	Link   Role = "link"   // where the error is documented
	Status Role = "status" // the HTTP status, repeated
	Number Role = "number" // a number, true, false
	Copy   Role = "copy"   // the text of an earlier part again
)

// Noise reports whether parts of this role are not shown.
func (r Role) Noise() bool { return slices.Contains([]Role{ID, Time, Link, Status, Number, Copy}, r) }

// Part is one thing that a response says.
type Part struct {
	// Place is where it stands: the path of a JSON or XML value ("error.message"),
	// a header's name, or "text".
	Place string
	Role  Role
	Text  string
}

// Reply is a response, read.
type Reply struct {
	Status int
	Kind   Kind
	// Parts is everything that it says: headers first, then the body in its order.
	Parts []Part
	// Challenges are those of WWW-Authenticate.
	Challenges []call.Challenge
	// Problem reports a problem document (RFC 9457).
	Problem bool
	// SignIn reports a page, or an address, where people sign in.
	SignIn bool
	// Inside reports an error inside a response whose status says success.
	Inside bool
	// AADSTS are the codes of Entra that occur anywhere, in order.
	AADSTS []string
	// Claims is the decoded claims challenge; "" if there is none.
	Claims string

	seen map[string]bool
}

// Bounds of what is read: a response may come from anybody.
const (
	maxParts = 96
	maxText  = 1200 // bytes of one text
	maxCode  = 120  // bytes of a code
	maxPlace = 80
	maxWords = 3 << 10 // bytes of all that is looked through
)

// Response is what Read reads.
type Response struct {
	Status int
	Header http.Header
	Head   []byte // the beginning of the body
	// Redact removes secrets from a text; nil removes what looks like one.
	Redact func(string) string
	// Challenges are those of WWW-Authenticate, without secrets.
	Challenges []call.Challenge
}

// Read reads a response.
func Read(r Response) *Reply {
	if r.Redact == nil {
		r.Redact = text.Redact
	}
	out := &Reply{Status: r.Status, Challenges: r.Challenges, seen: map[string]bool{}}
	reader := reader{out, r.Redact}
	reader.headers(r.Header)
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	out.Problem = media == "application/problem+json"
	reader.body(media, r.Head)
	out.AADSTS = aadstsIn(out.All())
	return out
}

type reader struct {
	*Reply
	redact func(string) string
}

// add keeps a part, bounded and printable.
func (r reader) add(place string, role Role, s string) {
	limit := maxText
	if role == Code || role == ID {
		limit = maxCode
	}
	// Redacted first: a secret that is cut is not recognised.
	s = text.OneLine(r.redact(strings.ToValidUTF8(s, "\ufffd")), limit)
	if s == "" || len(r.Parts) == maxParts {
		return
	}
	if isStatus(s, r.Status) {
		role = Status
	}
	key := strings.ToLower(s)
	if !role.Noise() {
		if r.seen[key] {
			role = Copy
		}
		r.seen[key] = true
	}
	r.Parts = append(r.Parts, Part{text.OneLine(r.redact(place), maxPlace), role, s})
}

// isStatus reports whether a text only repeats the status: 403, "403 Forbidden",
// "Forbidden" is a word of its own and stays.
func isStatus(s string, status int) bool {
	code := fmt.Sprint(status)
	return s == code || s == code+" "+http.StatusText(status)
}

// Shown returns the parts that are not noise.
func (r *Reply) Shown() []Part {
	return slices.DeleteFunc(slices.Clone(r.Parts), func(p Part) bool { return p.Role.Noise() })
}

// All returns everything that the response says as one text, a part a line.
func (r *Reply) All() string {
	var b strings.Builder
	for _, p := range r.Parts {
		b.WriteString(p.Text + "\n")
	}
	return b.String()
}

// Words returns what may say why, as one text: all parts but noise, a part a line. It
// is bounded to what hundreds of expressions can look through in a moment: real
// errors have a few hundred bytes.
func (r *Reply) Words() string {
	var b strings.Builder
	for _, p := range r.Shown() {
		if b.Len() < maxWords {
			b.WriteString(text.Cut(p.Text, maxWords/4) + "\n")
		}
	}
	return b.String()
}

// Codes returns the texts of the parts that are codes.
func (r *Reply) Codes() []string {
	var codes []string
	for _, p := range r.Parts {
		if p.Role == Code {
			codes = append(codes, p.Text)
		}
	}
	return codes
}

// IDs returns the ids of the request that the response names, as "name value".
func (r *Reply) IDs() []string {
	var ids []string
	seen := map[string]bool{}
	for _, p := range r.Parts {
		if p.Role == ID && len(ids) < 4 && !seen[p.Text] {
			seen[p.Text] = true
			ids = append(ids, p.Place+" "+p.Text)
		}
	}
	return ids
}

// Bearer returns the challenge for bearer tokens, one that says what is wrong
// before others; the zero value if there is none.
func (r *Reply) Bearer() call.Challenge {
	var first call.Challenge
	for _, c := range r.Challenges {
		switch {
		case !c.Is("Bearer"):
		case c.Params["error"] != "":
			return c
		case first.Scheme == "":
			first = c
		}
	}
	return first
}

var aadstsForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`AADSTS\d{4,8}`) })

func aadstsIn(s string) []string {
	if !strings.Contains(s, "AADSTS") {
		return nil
	}
	var codes []string
	for _, code := range aadstsForm().FindAllString(s, 16) {
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

// body recognises the form of a body and reads it.
func (r reader) body(media string, head []byte) {
	trimmed := bytes.Trim(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case len(trimmed) == 0:
		r.Kind = Empty
	case media == "text/html" && trimmed[0] == '<' || beginsHTML(trimmed):
		r.Kind = HTML
		r.html(string(trimmed))
	case trimmed[0] == '{' || trimmed[0] == '[' || trimmed[0] == '"' && strings.HasSuffix(media, "json"):
		r.Kind = JSON
		r.json(trimmed)
	case trimmed[0] == '<':
		r.Kind = XML
		r.xml(trimmed)
	case isBinary(trimmed):
		r.Kind = Binary
	default:
		r.Kind = Text
		if r.isError() {
			r.add("text", Message, string(trimmed[:min(len(trimmed), 2*maxText)]))
		}
	}
}

// isError reports whether the status says that the request failed. What a success
// says is its caller's data: only an error inside it is read.
func (r reader) isError() bool { return r.Status >= 400 || r.Status < 200 }

func isBinary(b []byte) bool {
	b = b[:min(len(b), 512)]
	control := 0
	for len(b) > 0 {
		c, size := utf8.DecodeRune(b)
		if c == utf8.RuneError && size == 1 && len(b) >= utf8.UTFMax || unicode.IsControl(c) && !unicode.IsSpace(c) {
			control++
		}
		b = b[size:]
	}
	return control > 8
}
