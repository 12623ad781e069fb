package main

import (
	"net/http"

	"m2m/internal/call"
)

// talker tells of each request and answer on stderr, retries and redirects
// included: lines and headers, without credentials.
type talker struct {
	env  *Env
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t talker) RoundTrip(r *http.Request) (*http.Response, error) {
	t.env.say("> %s %s", r.Method, call.ShownURL(r.URL))
	if r.Host != "" && r.Host != r.URL.Host {
		t.env.say("> Host: %s", r.Host)
	}
	for _, line := range call.ShownHeader(r.Header) {
		t.env.say("> %s", line)
	}
	switch {
	case r.ContentLength > 0:
		t.env.say("> Content-Length: %d", r.ContentLength)
	case r.ContentLength < 0:
		t.env.say("> Transfer-Encoding: chunked")
	}
	answer, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	t.env.say("< %s %s", answer.Proto, answer.Status)
	for _, line := range call.ShownHeader(answer.Header) {
		t.env.say("< %s", line)
	}
	return answer, nil
}
