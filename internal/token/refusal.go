package token

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"m2m/internal/entra"
	"m2m/internal/text"
)

// Refusal is an OAuth error (RFC 6749 section 5.2) that the identity provider
// answered with, as Entra extends it. It matches ErrRefused.
//
// Its texts come from the server. They are cut to length and made printable, and
// must not be used for anything but reading.
type Refusal struct {
	// Status is the HTTP status.
	Status int
	// Code is the OAuth error word, such as invalid_client. Programs branch on
	// it, not on AADSTS.
	Code string
	// Suberror narrows Code where Entra sends one.
	Suberror string
	// AADSTS holds Entra's error numbers, the decisive one first; empty if the
	// answer has none.
	AADSTS []int
	// Description is Entra's own sentence, without its code and trace part.
	Description string
	// TraceID, CorrelationID and Timestamp are what Microsoft's support and the
	// tenant's sign-in log ask for.
	TraceID, CorrelationID, Timestamp string
	// Claims is the claims challenge that came with it, a JSON object.
	Claims string
	// Policies holds the GUIDs of the Conditional Access policies that the
	// challenge names.
	Policies []string
	// RetryAfter is how long the server asks to wait; 0 if it did not say.
	RetryAfter time.Duration
	// Certificate identifies the certificate that signed, by its thumbprints;
	// empty for other credentials.
	Certificate string
	// SecretShape describes the client secret that was sent, without its value;
	// empty for other credentials.
	SecretShape string
	// Leg says which of the two requests for an agent was rejected; empty for other
	// requests.
	Leg Leg
	// Assertion is what the federated token that was sent says of itself; nil
	// for other credentials.
	Assertion *Assertion
}

// Leg is one of the two requests for the token of an agent identity.
type Leg string

// The legs: the blueprint's request for a token of the agent, and the agent's for a
// token of the API.
const (
	LegBlueprint Leg = "blueprint"
	LegAgent     Leg = "agent"
)

// Known returns what the catalogue knows of the decisive AADSTS code.
func (e *Refusal) Known() (entry entra.AADSTS, ok bool) {
	if len(e.AADSTS) == 0 {
		return entra.AADSTS{}, false
	}
	return entra.LookupAADSTS(e.AADSTS[0])
}

// Error says what was rejected: code and Entra's words, and on a line of its own
// the likely cause.
func (e *Refusal) Error() string {
	var b strings.Builder
	switch e.Leg {
	case LegBlueprint:
		b.WriteString("the identity provider rejected the blueprint's request for a token of the agent: ")
	case LegAgent:
		b.WriteString("the identity provider rejected the agent's request: ")
	default:
		b.WriteString("the identity provider rejected the request: ")
	}
	entry, known := e.Known()
	if len(e.AADSTS) > 0 {
		fmt.Fprintf(&b, "AADSTS%d", e.AADSTS[0])
		if known {
			b.WriteString(" " + entry.Name)
		}
		fmt.Fprintf(&b, " (%s)", e.Code)
	} else {
		b.WriteString(e.Code)
	}
	if e.Description != "" {
		b.WriteString(": " + strings.TrimRight(e.Description, ". "))
	}
	if known {
		b.WriteString("\nlikely cause: " + strings.TrimRight(entry.Cause, ". "))
	}
	return b.String()
}

// Is reports whether target is ErrRefused.
func (e *Refusal) Is(target error) bool { return target == ErrRefused }

// refusedBy converts an answer that MSAL did not accept to an error: a *Refusal
// if it holds an OAuth error, else an *Outage.
func refusedBy(address string, status int, h http.Header, body []byte) error {
	if outage := outageOf(address, status, h, body); outage != nil {
		return outage
	}
	if refusal := parseRefusal(status, h, body); refusal != nil {
		return refusal
	}
	return &Outage{Address: address, Status: status, RetryAfter: retryAfter(h), Err: ErrNotEntra}
}

// refusalBody is the JSON of an OAuth error of Entra's token endpoint.
type refusalBody struct {
	Error         string            `json:"error"`
	Description   string            `json:"error_description"`
	Codes         []json.RawMessage `json:"error_codes"`
	Suberror      string            `json:"suberror"`
	Timestamp     string            `json:"timestamp"`
	TraceID       string            `json:"trace_id"`
	CorrelationID string            `json:"correlation_id"`
	Claims        string            `json:"claims"`
}

// The longest texts that are kept of an answer, in bytes.
const (
	maxDescription = 2000
	maxWord        = 100
	maxClaims      = 16 << 10
)

// parseRefusal reads an answer's body; nil if it holds no OAuth error.
func parseRefusal(status int, h http.Header, body []byte) *Refusal {
	var b refusalBody
	if err := json.Unmarshal(body, &b); err != nil || b.Error == "" {
		return nil
	}
	description, trace := splitDescription(b.Description)
	refusal := &Refusal{
		Status:        status,
		Code:          text.OneLine(b.Error, maxWord),
		Suberror:      text.OneLine(b.Suberror, maxWord),
		AADSTS:        refusalCodes(b),
		Description:   text.OneLine(description, maxDescription),
		TraceID:       text.OneLine(cmp.Or(b.TraceID, trace.id), maxWord),
		CorrelationID: text.OneLine(cmp.Or(b.CorrelationID, trace.correlation), maxWord),
		Timestamp:     text.OneLine(cmp.Or(b.Timestamp, trace.timestamp), maxWord),
		RetryAfter:    retryAfter(h),
	}
	if len(b.Claims) <= maxClaims && json.Valid([]byte(b.Claims)) {
		refusal.Claims = b.Claims
		refusal.Policies = policies(b.Claims)
	}
	return refusal
}

// refusalCodes returns the code that the description begins with, then those
// of error_codes: the description names the decisive one.
func refusalCodes(b refusalBody) []int {
	var codes []int
	add := func(code int, ok bool) {
		if ok && code > 0 && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	if strings.HasPrefix(b.Description, "AADSTS") {
		add(entra.ParseAADSTS(b.Description))
	}
	for _, raw := range b.Codes[:min(len(b.Codes), 10)] {
		code, err := strconv.Atoi(strings.Trim(string(raw), `"`))
		add(code, err == nil)
	}
	return codes
}

// traced is the part of a description that identifies one failure.
type traced struct{ id, correlation, timestamp string }

// The beginning of a description, and its end: as Entra writes it now, on one
// line, and as it did until 2024, with \r\n before each part.
var (
	descriptionCode = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^AADSTS\d+:\s*`) })
	descriptionTail = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\s*Trace ID:\s*(\S*)\s+Correlation ID:\s*(\S*)\s+Timestamp:\s*([0-9:TZ.+ -]*)\s*$`)
	})
)

// splitDescription takes the code off the front and the trace part off the end.
func splitDescription(s string) (text string, t traced) {
	s = descriptionCode().ReplaceAllString(s, "")
	m := descriptionTail().FindStringSubmatchIndex(s)
	if m == nil {
		return s, traced{}
	}
	t = traced{id: s[m[2]:m[3]], correlation: s[m[4]:m[5]], timestamp: strings.TrimSpace(s[m[6]:m[7]])}
	return s[:m[0]], t
}

// policies returns the policy GUIDs in the challenge of AADSTS53003.
func policies(claims string) []string {
	var challenge struct {
		AccessToken struct {
			PolicyIDs struct {
				Values []string `json:"values"`
			} `json:"capolids"`
		} `json:"access_token"`
	}
	if json.Unmarshal([]byte(claims), &challenge) != nil {
		return nil
	}
	notGUID := func(s string) bool { return !entra.IsGUID(s) }
	ids := slices.DeleteFunc(challenge.AccessToken.PolicyIDs.Values, notGUID)
	return ids[:min(len(ids), 10)]
}
