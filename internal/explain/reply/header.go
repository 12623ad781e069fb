package reply

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"m2m/internal/call"
	"m2m/internal/text"
)

// headers reads challenges and error headers.
func (r reader) headers(h http.Header) {
	for _, c := range r.Challenges {
		r.challenge(c)
	}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		role, ok := headerRole(strings.ToLower(name))
		if !ok {
			continue
		}
		for _, value := range h[name] {
			r.header(name, role, value)
		}
	}
	if location := h.Get("Location"); isSignInAddress(location) {
		r.SignIn = true
	}
}

// header reads one header. Azure DevOps and gRPC write percent-encoded sentences.
func (r reader) header(name string, role Role, value string) {
	if strings.Contains(value, "%20") {
		if decoded, err := url.PathUnescape(value); err == nil {
			value = decoded
		}
	}
	if role == Message && !strings.ContainsAny(value, " ;,=") {
		role = Code
	}
	r.add(strings.ToLower(name), role, value)
}

// errorWords are parts of the names of headers that say why; idWords of those that
// identify the request.
var (
	errorWords = []string{
		"error", "reason", "failure", "diagnostic", "denied", "deny", "mitigated", "exception", "substatus",
		"grpc-message", "x-goog-iap-generated-response", "block", "throttl", "x-ms-middleware", "x-ms-ratelimit-remaining-resource",
	}
	idWords = []string{
		"request-id", "requestid", "correlation", "trace", "activity", "cf-ray", "x-azure-ref", "requestguid", "x-amz-cf-id",
		"e2eid", "x-amzn-trace", "apim-request",
	}
)

// headerRole recognises the headers of errors; ok is false for all others.
func headerRole(name string) (role Role, ok bool) {
	contains := func(word string) bool { return strings.Contains(name, word) }
	switch {
	case strings.HasPrefix(name, "access-control-"), strings.HasPrefix(name, "content-"), name == "report-to", name == "nel",
		name == "www-authenticate", name == "set-cookie":
		return "", false
	case slices.ContainsFunc(idWords, contains):
		return ID, true
	case slices.ContainsFunc(errorWords, contains):
		return Message, true
	}
	return "", false
}

// challenge reads one challenge: every parameter of it.
func (r reader) challenge(c call.Challenge) {
	if claims, ok := c.ClaimsChallenge(); ok {
		r.Claims = text.Bound(claims, maxText)
	}
	place := func(name string) string { return strings.TrimSpace(c.Scheme + " " + name) }
	for _, name := range c.Names() {
		value := c.Params[name]
		switch name {
		case "error", "error_code":
			r.add(place(name), Code, value)
		case "error_description", "error_message":
			r.add(place(name), Message, value)
		case "claims":
			if r.Claims != "" {
				r.add(place(name), Value, r.Claims)
			}
		case "realm", "error_uri", "nonce", "algorithm", "opaque", "charset":
			r.add(place(name), Link, value)
		default:
			r.add(place(name), parameterRole(value), value)
		}
	}
	if c.Rest != "" {
		r.add("www-authenticate", Message, place(c.Rest))
	}
}

func parameterRole(value string) Role {
	if strings.Contains(value, " ") {
		return Message
	}
	return Value
}

// ChallengeText writes a challenge in one line, with every parameter that may
// matter to a person.
func ChallengeText(c call.Challenge) string {
	line := text.Bound(c.Scheme, 40)
	for _, name := range c.Names() {
		if name != "nonce" && name != "opaque" && name != "claims" {
			line += " " + text.Bound(name, 40) + "=" + text.Quote(c.Params[name])
		}
	}
	if c.Rest != "" {
		line += " " + text.Bound(c.Rest, maxText)
	}
	return strings.TrimSpace(line)
}
