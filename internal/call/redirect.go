package call

import (
	"net/http"
	"net/url"

	"m2m/internal/text"
)

// maxRedirects is how many are followed; browsers and curl stop at 20 to 50,
// APIs need one.
const maxRedirects = 10

// Redirect is a 3xx answer that named another address.
type Redirect struct {
	// Status is the code, such as 302.
	Status int `json:"status"`
	// From and To are addresses as they may be shown: bounded, without query. To
	// is the Location made absolute, or as it came where it is no URL.
	From string `json:"from"`
	To   string `json:"to"`
	// Followed reports whether the request went on to To.
	Followed bool `json:"followed"`
	// Reason says why not, as one clause; empty where it was followed.
	Reason string `json:"reason,omitempty"`
	target *url.URL
	asked  bool
}

// Target returns To as a URL; nil if it is not a URL.
func (r Redirect) Target() *url.URL { return r.target }

// IsRequested reports whether the request asked to follow redirects.
func (r Redirect) IsRequested() bool { return r.asked }

// hop is one request on the way.
type hop struct {
	method string
	url    *url.URL
	body   Body
}

// redirect reads a redirect from an answer. target is nil where it is not
// followed, redirect if there is none.
func (h hop) redirect(a *Answer, req Request, followed int) (redirect *Redirect, target *hop) {
	location := a.Header.Get("Location")
	if !isRedirect(a.Status) || location == "" {
		return nil, nil
	}
	redirect = &Redirect{Status: a.Status, From: a.Redact(DisplayAddress(h.url.String())), To: a.Redact(DisplayAddress(location)),
		asked: req.Follow}
	to, err := h.url.Parse(location)
	if err != nil {
		redirect.Reason = "the Location is not a URL"
		return redirect, nil
	}
	redirect.To, redirect.target = a.Redact(DisplayAddress(to.String())), to
	next := h.after(a.Status, to)
	redirect.Reason = whyNotFollowed(req, to, followed)
	redirect.Followed = redirect.Reason == ""
	if !redirect.Followed {
		return redirect, nil
	}
	return redirect, next
}

// whyNotFollowed says why a redirect is not followed. Another origin is never given
// the request: not its token, and not its content either.
func whyNotFollowed(req Request, to *url.URL, followed int) string {
	switch {
	case !text.IsASCII(to.Host):
		return "its host holds letters beyond ASCII, so that it leads to another origin than it seems, which must not get the token"
	case Origin(to) != Origin(req.URL):
		return "it leads to another origin, which must not get the token"
	case !req.Follow:
		return "redirects are followed only on request"
	case to.User != nil:
		return "the Location holds a user name or a password"
	case followed >= maxRedirects:
		return "there were too many"
	}
	return ""
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// after returns the next request. Only 307 and 308 keep method and content;
// the older codes become GET, as every client has made them (RFC 9110 section 15.4).
func (h hop) after(status int, to *url.URL) *hop {
	next := &hop{method: h.method, url: to, body: h.body}
	if status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect {
		return next
	}
	if h.method != http.MethodGet && h.method != http.MethodHead {
		next.method = http.MethodGet
	}
	next.body = Body{}
	return next
}
