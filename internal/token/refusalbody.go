package token

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/text"
)

// refusalBody is the JSON that Entra's token endpoint refuses with.
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

// splitDescription takes the code off the front and the trace part off the end.
func splitDescription(s string) (text string, t traced) {
	// The end as Entra writes it now, on one line, and as it did until 2024,
	// with \r\n before each part. Compiled here, so that commands that meet no
	// refusal do not pay for it.
	tail := regexp.MustCompile(
		`\s*Trace ID:\s*(\S*)\s+Correlation ID:\s*(\S*)\s+Timestamp:\s*([0-9:TZ.+ -]*)\s*$`)
	s = regexp.MustCompile(`^AADSTS\d+:\s*`).ReplaceAllString(s, "")
	m := tail.FindStringSubmatchIndex(s)
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
