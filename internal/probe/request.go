package probe

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// request is what goes over the wire, as it is: net/http would refuse or mend
// some of what is tried here.
type request struct {
	method, target, proto string
	host                  string
	fields                []field
	body                  []byte
}

type field struct{ name, value string }

// newRequest is the request of the baseline, without a token.
func newRequest(method string, target *url.URL, header http.Header, body []byte) request {
	r := request{method: method, target: target.RequestURI(), proto: "HTTP/1.1", host: target.Host, body: body}
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

// with returns the request with one more header field.
func (r request) with(name, value string) request {
	r.fields = append(slices.Clone(r.fields), field{name, value})
	return r
}

// bearing returns the request with a token in the place where it belongs.
func (r request) bearing(token string) request { return r.with("Authorization", "Bearer "+token) }

// to returns the request to another target, for origin form a path and query.
func (r request) to(target string) request {
	r.target = target
	return r
}

// by returns the request with another method.
func (r request) by(method string) request {
	r.method = method
	return r
}

// holding returns the request with this content in place of its own.
func (r request) holding(kind, content string) request {
	r.fields = slices.DeleteFunc(slices.Clone(r.fields), func(f field) bool { return strings.EqualFold(f.name, "Content-Type") })
	r = r.with("Content-Type", kind)
	r.body = []byte(content)
	return r
}

// withQuery returns the request with one more parameter in its query.
func (r request) withQuery(name, value string) request {
	separator := "?"
	if strings.Contains(r.target, "?") {
		separator = "&"
	}
	return r.to(r.target + separator + name + "=" + url.QueryEscape(value))
}

// path and query are the two parts of the target.
func (r request) path() string {
	path, _, _ := strings.Cut(r.target, "?")
	return path
}

func (r request) query() string {
	_, query, found := strings.Cut(r.target, "?")
	if !found {
		return ""
	}
	return "?" + query
}

// bytes is the request on the wire. The connection ends with it, so that no
// request can disturb the next.
func (r request) bytes() []byte {
	var b strings.Builder
	b.WriteString(r.method + " " + r.target + " " + r.proto + "\r\nHost: " + r.host + "\r\n")
	for _, f := range r.fields {
		b.WriteString(f.name + ": " + f.value + "\r\n")
	}
	if len(r.body) > 0 || r.method == http.MethodPost {
		b.WriteString("Content-Length: " + strconv.Itoa(len(r.body)) + "\r\n")
	}
	b.WriteString("Connection: close\r\n\r\n")
	return append([]byte(b.String()), r.body...)
}
