package tenant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/mint"
	"m2m/internal/tenant/refusal"
	"m2m/internal/text"
)

// errorPage explains a code to people. Entra names it in every error.
const errorPage = "https://login.microsoftonline.com/error?code="

// exchange is one request and its answer: the IDs that both carry, and the
// headers that Entra sends with everything.
type exchange struct {
	now           time.Time
	traceID       string
	correlationID string
	echoRequestID bool // the client wants its client-request-id back
	telemetry     bool // MSAL sent its counters
	localhost     bool
}

func newExchange(r *http.Request, now time.Time) *exchange {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	x := &exchange{
		now:           now.UTC(),
		traceID:       directory.NewGUID(),
		correlationID: r.Header.Get("client-request-id"),
		echoRequestID: r.Header.Get("return-client-request-id") == "true",
		telemetry:     r.Header.Get("x-client-current-telemetry") != "",
		localhost:     host == "localhost",
	}
	if !entra.IsGUID(x.correlationID) { // msal-node puts it into the query
		x.correlationID = r.URL.Query().Get("client-request-id")
	}
	if !entra.IsGUID(x.correlationID) {
		x.correlationID, x.echoRequestID = directory.NewGUID(), false
	}
	return x
}

// commonHeaders sets the headers of every answer of Entra.
func (x *exchange) commonHeaders(h http.Header) {
	h.Set("Date", x.now.UTC().Format(http.TimeFormat)) // the tenant's clock, which a fault may shift
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-XSS-Protection", "0")
	h.Set("P3P", `CP="DSP CUR OTPi IND OTRi ONL FIN"`)
	h.Set("x-ms-request-id", x.traceID)
	h.Set("x-ms-ests-server", "2.1.12381.24 - SCUS ProdSlices")
	h.Set("x-ms-srs", "1.P")
	if x.echoRequestID {
		h.Set("client-request-id", x.correlationID)
	}
	if !x.localhost {
		// A browser that came by the name localhost would refuse http on every
		// port of it for a year. For an IP address browsers ignore the header.
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	expires := x.now.AddDate(0, 0, 30).Format(http.TimeFormat)
	h.Add("Set-Cookie", "fpc="+mint.Opaque(18)+"; expires="+expires+"; path=/; secure; HttpOnly; SameSite=None")
	h.Add("Set-Cookie", "x-ms-gateway-slice=estsfd; path=/; secure; samesite=none; httponly")
	h.Add("Set-Cookie", "stsservicecookie=estsfd; path=/; secure; samesite=none; httponly")
}

// documentHeaders sets the headers of discovery and keys: cacheable for a day,
// readable from any page.
func (x *exchange) documentHeaders(h http.Header) {
	x.commonHeaders(h)
	h.Set("Cache-Control", "max-age=86400, private")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, OPTIONS")
	h.Add("Set-Cookie", "esctx=PAQABBwEAAAA"+mint.Opaque(96)+"; domain=.login.microsoftonline.com; path=/; secure; HttpOnly; SameSite=None")
}

// tokenHeaders sets the headers of the token endpoints (RFC 6749, 5.1).
func (x *exchange) tokenHeaders(h http.Header, code int) {
	x.commonHeaders(h)
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "-1")
	if x.telemetry {
		h.Set("x-ms-clitelem", fmt.Sprintf("1,%d,0,,", code))
	}
}

// errorBody is an error as Entra sends it, in its order.
type errorBody struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	URI           string `json:"error_uri,omitempty"`
	Suberror      string `json:"suberror,omitempty"`
	Claims        string `json:"claims,omitempty"`
}

// writeRefusal sends a refusal; the headers are set before.
func (x *exchange) writeRefusal(w http.ResponseWriter, r *refusal.Refusal) {
	at := x.now.Format(refusal.TimestampForm)
	body := errorBody{
		Error: r.Word,
		Description: fmt.Sprintf("AADSTS%d: %s. Trace ID: %s Correlation ID: %s Timestamp: %s",
			r.Code, r.Reason, x.traceID, x.correlationID, at),
		Codes:         []int{r.Code},
		Timestamp:     at,
		TraceID:       x.traceID,
		CorrelationID: x.correlationID,
		Suberror:      r.Suberror,
		Claims:        r.Claims,
	}
	if r.HasPage() {
		body.URI = fmt.Sprintf("%s%d", errorPage, r.Code)
	}
	writeJSON(w, r.Status, body)
}

// writeJSON sends a struct of this package as JSON.
func writeJSON(w http.ResponseWriter, status int, value any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		http.Error(w, "the answer cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(bytes.TrimSuffix(body.Bytes(), []byte("\n"))) // the client has gone, if this fails
}

// longestEcho bounds what is repeated of what a client sent, in bytes.
const longestEcho = 128

func cut(s string) string { return text.Cut(s, longestEcho) }
