package forge

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Request is what goes over the wire, as it is: net/http would reject or correct
// some of what is sent here.
type Request struct {
	Method string
	Target string // in origin form: path and query

	proto  string
	host   string
	fields []field
	body   []byte
}

type field struct{ name, value string }

// NewRequest is the request of the baseline, without a token.
func NewRequest(method string, target *url.URL, header http.Header, body []byte) Request {
	r := Request{Method: method, Target: target.RequestURI(), proto: "HTTP/1.1", host: target.Host, body: body}
	for name, values := range header {
		for _, value := range values {
			if strings.EqualFold(name, "Host") {
				r.host = value
				continue
			}
			r.fields = append(r.fields, field{name, value})
		}
	}
	slices.SortStableFunc(r.fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	for _, standard := range []field{{"Accept", "*/*"}, {"User-Agent", "m2m"}} {
		if header.Get(standard.name) == "" {
			r.fields = append(r.fields, standard)
		}
	}
	return r
}

// WithField returns the request with one more header field.
func (r Request) WithField(name, value string) Request {
	r.fields = append(slices.Clone(r.fields), field{name, value})
	return r
}

// WithToken returns the request with a token in the place where it belongs.
func (r Request) WithToken(token string) Request {
	return r.WithField("Authorization", "Bearer "+token)
}

// WithTarget returns the request to another target, for origin form a path and query.
func (r Request) WithTarget(target string) Request {
	r.Target = target
	return r
}

// withMethod returns the request with another method.
func (r Request) withMethod(method string) Request {
	r.Method = method
	return r
}

// withBody returns the request with other content.
func (r Request) withBody(kind, content string) Request {
	r.fields = slices.DeleteFunc(slices.Clone(r.fields), func(f field) bool { return strings.EqualFold(f.name, "Content-Type") })
	r = r.WithField("Content-Type", kind)
	r.body = []byte(content)
	return r
}

// WithContent returns the request with other content of the same type.
func (r Request) WithContent(content []byte) Request {
	r.body = content
	return r
}

// SameContent reports whether two requests have the same content.
func (r Request) SameContent(other Request) bool { return bytes.Equal(r.body, other.body) }

// withQuery returns the request with one more parameter in its query.
func (r Request) withQuery(name, value string) Request {
	separator := "?"
	if strings.Contains(r.Target, "?") {
		separator = "&"
	}
	return r.WithTarget(r.Target + separator + name + "=" + url.QueryEscape(value))
}

// Path and query are the two parts of the target.
func (r Request) Path() string {
	path, _, _ := strings.Cut(r.Target, "?")
	return path
}

func (r Request) query() string {
	_, query, found := strings.Cut(r.Target, "?")
	if !found {
		return ""
	}
	return "?" + query
}

// Bytes is the request on the wire. The connection ends with it, so that no
// request can disturb the next.
func (r Request) Bytes() []byte {
	var b strings.Builder
	b.WriteString(r.Method + " " + r.Target + " " + r.proto + "\r\nHost: " + r.host + "\r\n")
	for _, f := range r.fields {
		b.WriteString(f.name + ": " + f.value + "\r\n")
	}
	if len(r.body) > 0 || r.Method == http.MethodPost {
		b.WriteString("Content-Length: " + strconv.Itoa(len(r.body)) + "\r\n")
	}
	b.WriteString("Connection: close\r\n\r\n")
	return append([]byte(b.String()), r.body...)
}
