package serve

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"m2m/internal/verify"
)

// Problem is the body of every error: a problem document of RFC 9457, whose
// type is about:blank, so that the title is the status in words. Error,
// RequestID and Checks are extension members.
type Problem struct {
	Type   string `json:"type" doc:"Always about:blank: the title is the status in words."`
	Title  string `json:"title" doc:"The status in words."`
	Status int    `json:"status" doc:"The HTTP status."`
	Detail string `json:"detail,omitempty" doc:"What is wrong, for a person."`
	// Error is the code of RFC 6750 section 3.1, where there is one.
	//nolint:lll // a tag is one line
	Error string `json:"error,omitempty" doc:"The code of RFC 6750, where there is one." enum:"invalid_request,invalid_token,insufficient_scope"`
	// RequestID is the id of the request, as in the log and in the answer's
	// X-Request-Id.
	RequestID string `json:"request_id,omitempty" doc:"The request's id, as in the API's log."`
	// Checks says what was found in the token. Only with Config.ExplainRejections.
	Checks []Check `json:"checks,omitempty" doc:"What was found in the token. Only where the API is configured to explain rejections."`
}

// write sends the document. The headers that belong to the problem are set
// before.
func (p Problem) write(w http.ResponseWriter, r *http.Request) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	if x := exchangeOf(r); x != nil {
		p.RequestID = x.id
	}
	writeJSON(w, "application/problem+json", p.Status, p)
}

// writeJSON sends one JSON document that no cache keeps: nothing here is meant
// for anyone but the caller.
func writeJSON(w http.ResponseWriter, mediaType string, status int, document any) {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(document); err != nil {
		// Unreachable with the types of this package, but still a valid response.
		mediaType, status = "application/problem+json", http.StatusInternalServerError
		body.WriteString(`{"type":"about:blank","title":"Internal Server Error","status":500}` + "\n")
	}
	writeBody(w, mediaType, status, body.Bytes())
}

func writeBody(w http.ResponseWriter, mediaType string, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// Check is one finding of the verifier in a problem document, with the members of
// the verifier's JSON report.
type Check struct {
	Name     string `json:"name" doc:"The rule."`
	Status   string `json:"status" enum:"pass,fail,skip,unknown"`
	Reason   string `json:"reason,omitempty" doc:"Why the status is not pass, as a code that does not change."`
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Cause    string `json:"cause,omitempty"`
	Fix      string `json:"fix,omitempty"`
}

func checksOf(report *verify.Report) []Check {
	checks := make([]Check, 0, len(report.Findings))
	for _, f := range report.Findings {
		checks = append(checks, Check{string(f.Check), string(f.Status), string(f.Reason), f.Expected, f.FoundValue(), f.Cause, f.Fix})
	}
	return checks
}
