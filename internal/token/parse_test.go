package token

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"unicode"

	"m2m/internal/entra"

	"github.com/google/go-cmp/cmp"
)

const (
	traceGUID = "0f0f0f0f-1111-4222-8333-444444444444"
	corrGUID  = "1e1e1e1e-2222-4333-8444-555555555555"
	policy    = "5b7e2f8c-3333-4444-8555-666666666666"
)

func TestParseRefusal(t *testing.T) {
	tests := []struct {
		name, body string
		want       *Refusal
	}{
		{"now", `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Trace ID: ` +
			traceGUID +
			` Correlation ID: ` + corrGUID + ` Timestamp: 2026-08-13 21:24:29Z","error_codes":[7000215]}`,
			&Refusal{Status: 400, Code: "invalid_client", AADSTS: []int{7000215}, Description: "Invalid client secret provided.",
				TraceID: traceGUID, CorrelationID: corrGUID, Timestamp: "2026-08-13 21:24:29Z"}},
		{"until 2024",
			`{"error":"unauthorized_client","error_description":"AADSTS700016: Not found.\r\nTrace ID: ` + traceGUID +
				`\r\nCorrelation ID: ` + corrGUID + `\r\nTimestamp: 2023-01-02 03:04:05Z","error_codes":[700016],"trace_id":"` +
				traceGUID + `"}`,
			&Refusal{Status: 400, Code: "unauthorized_client", AADSTS: []int{700016}, Description: "Not found.",
				TraceID: traceGUID, CorrelationID: corrGUID, Timestamp: "2023-01-02 03:04:05Z"}},
		{"the description's code comes first",
			`{"error":"x","error_description":"AADSTS53003: Blocked.","error_codes":["50000",53003,-1,1.5,null]}`,
			&Refusal{Status: 400, Code: "x", AADSTS: []int{53003, 50000}, Description: "Blocked."}},
		{"a policy",
			`{"error":"invalid_grant","suberror":"message_only","claims":"{\"access_token\":{\"capolids\":{\"essential\":true,\"values\":[\"` +
				policy + `\",\"rm -rf\"]}}}"}`,
			&Refusal{Status: 400, Code: "invalid_grant", Suberror: "message_only", Policies: []string{policy},
				Claims: `{"access_token":{"capolids":{"essential":true,"values":["` + policy + `","rm -rf"]}}}`}},
		{"no Entra", `{"error":"invalid_scope","error_description":"what \u001b[31mis\u0007 that"}`,
			&Refusal{Status: 400, Code: "invalid_scope", Description: "what [31mis that"}},
		{"an object as error", `{"error":{"code":"x"}}`, nil},
		{"no error", `{}`, nil},
		{"null", `null`, nil},
		{"HTML", `<html>`, nil},
		{"nothing", ``, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parseRefusal(400, http.Header{}, []byte(tt.body))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseRefusal(f *testing.F) {
	f.Add([]byte(`{"error":"invalid_client","error_description":"AADSTS7000215: Bad.\r\nTrace ID: a\r\nCorrelation ID: b\r\nTimestamp: 2026-08-13 21:24:29Z","error_codes":[1]}`))
	f.Add([]byte(`{"error":"e","claims":"{\"access_token\":{\"capolids\":{\"values\":[\"x\"]}}}","error_codes":["5",null,{}]}`))
	f.Add([]byte(`{"error":"\u001b]0;x\u0007"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		refusal := parseRefusal(400, http.Header{}, body)
		if refusal == nil {
			return
		}
		shown := refusal.Error() + refusal.Suberror + refusal.TraceID + refusal.CorrelationID + refusal.Timestamp +
			strings.Join(refusal.Policies, "")
		if i := strings.IndexFunc(shown, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }); i >= 0 {
			t.Errorf("a control character reaches the terminal: %q", shown)
		}
		if len(shown) > 20<<10 {
			t.Errorf("%d bytes reach the terminal", len(shown))
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "5", "-1", "Mon, 02 Jan 2006 15:04:05 GMT", "99999999999"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, value, date string) {
		if d := retryAfter(http.Header{"Retry-After": {value}, "Date": {date}}); d < 0 || d > maxRetryAfter {
			t.Errorf("Retry-After %q = %s", value, d)
		}
	})
}

func FuzzParseAssertion(f *testing.F) {
	f.Add("e30.eyJpc3MiOiJhIiwic3ViIjoiYiIsImF1ZCI6WyJjIl0sImV4cCI6MX0.c2ln")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		a, err := parseAssertion(token)
		if (a == nil) == (err == nil) {
			t.Fatalf("%v, %v", a, err)
		}
		if err != nil {
			return
		}
		if strings.ContainsFunc(a.Issuer+a.Subject+a.Audience, unicode.IsControl) {
			t.Errorf("a control character reaches the terminal: %+v", a)
		}
	})
}

func FuzzParseCertificate(f *testing.F) {
	for _, name := range []string{"plain.pem", "encrypted.pem", "traditional.pem", "openssl3.pfx", "legacy.pfx"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "m2m-test")
		f.Add(data[:len(data)/2], "")
	}
	f.Fuzz(func(t *testing.T, data []byte, password string) {
		c, err := parseCertificate(CertificateFile{Content: data, Password: entra.NewSecret(password)})
		if err == nil && !c.key.PublicKey.Equal(c.chain[0].PublicKey) {
			t.Error("the leaf is not the key's")
		}
	})
}
