package callcmd

import (
	"net/http"

	"m2m/internal/call"
	"m2m/internal/cli"
)

// verboseTransport prints each request and response on stderr, those of retries and
// redirects too: lines and headers, without credentials.
type verboseTransport struct {
	env  *cli.Env
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t verboseTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.env.Say("> %s %s", r.Method, call.ShownURL(r.URL))
	if r.Host != "" && r.Host != r.URL.Host {
		t.env.Say("> Host: %s", r.Host)
	}
	for _, line := range call.ShownHeader(r.Header) {
		t.env.Say("> %s", line)
	}
	switch {
	case r.ContentLength > 0:
		t.env.Say("> Content-Length: %d", r.ContentLength)
	case r.ContentLength < 0:
		t.env.Say("> Transfer-Encoding: chunked")
	}
	answer, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	t.env.Say("< %s %s", answer.Proto, answer.Status)
	for _, line := range call.ShownHeader(answer.Header) {
		t.env.Say("< %s", line)
	}
	return answer, nil
}
