package explain_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"m2m/internal/jq"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/call"
	"m2m/internal/call/calltest"
	"m2m/internal/entra"
	"m2m/internal/explain"
)

func withBody(status int, contentType, body string) answered {
	return answered{status, map[string]string{"Content-Type": contentType, "WWW-Authenticate": `Bearer realm=""`}, body}
}

const explained = `{"type":"about:blank","title":"Unauthorized","status":401,"detail":"audience: the token is meant for another API","error":"invalid_token","checks":[
	{"name":"form","status":"pass"},
	{"name":"audience","status":"fail","expected":"api://a","found":"api://b","cause":"likely the scope names another API","fix":"set API_SCOPE=api://a/.default"},
	{"name":"lifetime","status":"fail","cause":"later"}]}`

func TestExplainByTheBody(t *testing.T) {
	for _, tt := range []struct {
		name string
		says answered
		want wanted
	}{
		{"the API's own checks", withBody(401, "application/problem+json", explained), wanted{
			explain.CodeSaidByAPI, false, `the API's check "audience" failed: likely the scope names another API`,
			"set API_SCOPE=api://a/.default", verifyIt,
		}},
		{"checks without words",
			withBody(403, "application/json", `{"checks":[{"name":"permission","status":"fail","expected":"Data.Write"}]}`),
			wanted{
				explain.CodeSaidByAPI, true, "expected Data.Write, found nothing", "", verifyIt,
			}},
		{"checks that all pass", withBody(401, "application/json", `{"checks":[{"name":"form","status":"pass"}]}`), wanted{
			explain.CodeInvalidToken, false, "does not say why", "", verifyIt,
		}},
		{"Graph's permission",
			withBody(403, "application/json",
				`{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}`),
			wanted{
				explain.CodeMissingRole, true, "carries only the roles Data.Read", "application permission", refreshIt,
			}},
		{"Resource Manager's role",
			withBody(403, "application/json",
				`{"error":{"code":"AuthorizationFailed","message":"The client does not have authorization"}}`), wanted{
				explain.CodeMissingRole, true, "no Azure role", "--assignee " + calltest.ClientID, verifyIt,
			}},
		{"Resource Manager's tenant",
			withBody(401, "application/json", `{"error":{"code":"InvalidAuthenticationTokenTenant","message":"x"}}`), wanted{
				explain.CodeWrongTenant, true, "another tenant", "TENANT_ID", verifyIt,
			}},
		{"Resource Manager's expiry",
			withBody(401, "application/json", `{"error":{"code":"ExpiredAuthenticationToken","message":"x"}}`), wanted{
				explain.CodeExpired, true, "has expired", "new one", refreshIt,
			}},
		{"a web page of a good status", answered{200, map[string]string{"Content-Type": "text/html"}, "<html>"},
			wanted{explain.CodeLoginPage, false, "HTML page", "path", showIt}},
		{"a web page without its type", answered{200, map[string]string{"Content-Type": "text/plain"}, " <!DOCTYPE html><p>"},
			wanted{explain.CodeLoginPage, false, "HTML page", "path", showIt}},
		{"plain http at a TLS port, nginx",
			answered{400, nil, "<html><title>400 The plain HTTP request was sent to HTTPS port</title>"},
			wanted{explain.CodePlainHTTP, true, "speaks TLS", "call https://127.0.0.1", ""}},
		{"keys out of reach",
			answered{503, map[string]string{"Content-Type": "application/problem+json", "Retry-After": "5"}, `{"status":503}`},
			wanted{
				explain.CodeKeysOutOfReach, false, "keys are out of its reach", "in 5s", againLater,
			}},
		{"no such path", answered{404, nil, ""}, wanted{explain.CodeNotFound, true, "/secure-data", "API_URL", showIt}},
		{"no such method", answered{405, map[string]string{"Allow": "POST"}, ""},
			wanted{explain.CodeMethodNotAllowed, true, "does not take GET; it takes POST", "-X", "m2m call -X POST URL"}},
		{"too many", answered{429, map[string]string{"Retry-After": "120"}, ""},
			wanted{explain.CodeTooMany, true, "asks to come back in 2m", "--retry", "m2m call --retry 3 --timeout 3m URL"}},
		{"too many, for a day", answered{429, map[string]string{"Retry-After": "86400"}, ""},
			wanted{explain.CodeTooMany, true, "asks to come back in 24h", "less often", showIt}},
		{"too many, for ever", answered{429, map[string]string{"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, ""},
			wanted{explain.CodeTooMany, true, "asks to come back in ", "less often", showIt}},
		{"a proxy", answered{407, nil, ""}, wanted{explain.CodeProxy, true, "proxy", "HTTPS_PROXY", showIt}},
		{"a fault", answered{502, nil, ""}, wanted{explain.CodeServerFault, true, "502 Bad Gateway", "log", againLater}},
		{"another 4xx", answered{422, nil, ""},
			wanted{explain.CodeBadRequest, true, "422 Unprocessable Entity", "answer says", showIt}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.check(t, explainAnswer(t, tt.says, explain.Context{Token: calltest.AppToken(t, nil)}))
		})
	}
}

func TestExplainSaysNothingOfAGoodAnswer(t *testing.T) {
	for _, says := range []answered{{200, nil, "{}"}, {204, nil, ""}, {304, nil, ""}} {
		if x := explainAnswer(t, says, explain.Context{}); x != nil {
			t.Errorf("%d: %+v", says.status, x)
		}
	}
}

// TestExplainMicrosoftHosts dials a server on loopback by the names of
// Microsoft's APIs.
func TestExplainMicrosoftHosts(t *testing.T) {
	const odata = `{"error":{"code":"InvalidAuthenticationToken","message":"Access token validation failure. Invalid audience."}}`
	const storage = `<?xml version="1.0" encoding="utf-8"?><Error><Code>InvalidAuthenticationInfo</Code><Message>Authentication information is not given in the correct format.</Message></Error>`
	api := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm=""`)
		w.WriteHeader(401)
		if strings.HasSuffix(r.Host, "core.windows.net") {
			_, _ = io.WriteString(w, storage)
			return
		}
		_, _ = io.WriteString(w, odata)
	})
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, api.Listener.Addr().String())
	}}
	defer transport.CloseIdleConnections()
	for _, tt := range []struct {
		host, aud string
		want      wanted
	}{
		{"graph.microsoft.com", calltest.APIID,
			wanted{explain.CodeWrongAudience, true, "is for " + calltest.APIID + ", and was sent to graph.microsoft.com",
				"API_SCOPE=https://graph.microsoft.com/.default", "m2m token --scope https://graph.microsoft.com/.default"}},
		{"graph.microsoft.com", "https://graph.microsoft.com",
			wanted{explain.CodeInvalidToken, false, "another cloud or tenant", "new one", refreshIt}},
		{"graph.microsoft.us", "00000003-0000-0000-c000-000000000000",
			wanted{explain.CodeInvalidToken, false, "another cloud or tenant", "new one", refreshIt}},
		{"management.azure.com", calltest.APIID,
			wanted{explain.CodeWrongAudience, true, "sent to management.azure.com", "https://management.azure.com/.default",
				"m2m token --scope https://management.azure.com/.default"}},
		{"acct.blob.core.windows.net", calltest.APIID,
			wanted{explain.CodeWrongAudience, true, "sent to acct.blob", "https://storage.azure.com/.default",
				"m2m token --scope https://storage.azure.com/.default"}},
		{"name.vault.azure.net", calltest.APIID,
			wanted{explain.CodeWrongAudience, true, "sent to name.vault", "https://vault.azure.net/.default",
				"m2m token --scope https://vault.azure.net/.default"}},
	} {
		t.Run(tt.host+" "+tt.aud, func(t *testing.T) {
			req := calltest.Request(t, "http://"+tt.host+"/v1.0/users")
			req.Token, req.AllowPlainHTTP = calltest.AppToken(t, map[string]any{"aud": tt.aud}), true
			x := explain.Explain(calltest.Do(t, &call.Client{Transport: transport, Now: calltest.Clock}, req),
				explain.Context{Token: req.Token})
			tt.want.check(t, x)
			checkForm(t, x)
		})
	}
}

func TestExplainRedirects(t *testing.T) {
	to := func(location string) answered { return answered{302, map[string]string{"Location": location}, ""} }
	for _, tt := range []struct {
		name string
		says answered
		want wanted
	}{
		{"Entra's login page", to("https://login.microsoftonline.com/common/oauth2/authorize?x=y"),
			wanted{explain.CodeLoginPage, false, "meant for browsers", "App Service", showIt}},
		{"another origin", to("https://other.example/x?secret=1"),
			wanted{explain.CodeRedirected, true, "https://other.example/x?…, and it leads to another origin", "by that address",
				showIt}},
		{"inside the origin", to("/elsewhere"),
			wanted{explain.CodeRedirected, true, "only on request", "-L", "m2m call -L URL"}},
		{"no URL", to("http://[::1"), wanted{explain.CodeRedirected, true, "not a URL", "report it", showIt}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.check(t, explainAnswer(t, tt.says, explain.Context{Token: calltest.AppToken(t, nil)}))
		})
	}
}

// TestExplainByATLSServer: Go's own answer to plain http.
func TestExplainARedirectLoop(t *testing.T) {
	api := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
	req := calltest.Request(t, api.URL)
	req.Follow = true
	wanted{explain.CodeRedirected, true, "there were too many", "report it", "m2m call --no-token -v URL"}.check(t,
		explain.Explain(calltest.Do(t, calltest.Client(t), req), explain.Context{}))
}

func TestExplainByATLSServer(t *testing.T) {
	s := calltest.ServeTLS(t, func(http.ResponseWriter, *http.Request) {})
	req := calltest.Request(t, strings.Replace(s.URL, "https:", "http:", 1)+"/x")
	wanted{explain.CodePlainHTTP, true, "the port speaks TLS", "call " + s.URL + "/x", ""}.check(t,
		explain.Explain(calltest.Do(t, calltest.Client(t), req), explain.Context{}))
}

func TestExplainShowsWhatItSaw(t *testing.T) {
	x := explainAnswer(t, withBody(401, "application/problem+json", explained),
		explain.Context{Token: calltest.AppToken(t, nil)})
	want := []explain.Fact{
		{Source: explain.FromAnswer, Text: "401 Unauthorized"},
		{Source: explain.FromAnswer, Text: "WWW-Authenticate: Bearer"},
		{Source: explain.FromAPI, Text: "invalid_token: audience: the token is meant for another API"},
		{Source: explain.FromAPI, Text: "check audience: expected api://a, found api://b"},
		{Source: explain.FromAPI, Text: "check lifetime: expected nothing, found nothing"},
		{Source: explain.FromToken, Text: "a v2.0 token: an app's own access token"},
		{Source: explain.FromToken, Text: "for " + calltest.APIID + " (aud)"},
		{Source: explain.FromToken, Text: "issued by https://login.microsoftonline.com/" + calltest.TenantID + "/v2.0 (iss)"},
		{Source: explain.FromToken, Text: "to the client " + calltest.ClientID},
		{Source: explain.FromToken, Text: "with the roles Data.Read"},
		{Source: explain.FromToken, Text: "valid until 2026-11-23 13:00:00 UTC, for another 1h"},
	}
	if diff := cmp.Diff(want, x.Facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

// TestExplainHidesTheToken: an API that echoes the token does not make it shown.
func TestExplainHidesTheToken(t *testing.T) {
	for _, secret := range []entra.Secret{calltest.AppToken(t, nil),
		entra.NewSecret("hunter2hunter2hunter2hunter2hunter2hunter2")} {
		testHidden(t, secret)
	}
}

func testHidden(t *testing.T, secret entra.Secret) {
	t.Helper()
	echo := `Bearer error="invalid_token", error_description="bad token ` + secret.Reveal() + `"`
	x := explainAnswer(t,
		answered{401, map[string]string{"WWW-Authenticate": echo},
			`{"detail":"cut off: ` + secret.Reveal()[:len(secret.Reveal())*2/3] + `"}`}, explain.Context{Token: secret})
	shown, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	if _, signed,
		ok := strings.Cut(secret.Reveal(), "."); strings.Contains(string(shown), secret.Reveal()) || ok &&
		strings.Contains(string(shown), signed[:20]) {
		t.Errorf("the token is shown: %s", shown)
	}
}

// TestNothingShowsTheToken: wherever an API puts it, and whoever gave it.
func TestNothingShowsTheToken(t *testing.T) {
	opaque := strings.Repeat("hunter2", 40) // longer than what is shown of anything
	s := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, echo, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		w.Header().Set("X-Echo", echo)
		switch w.Header().Set("Content-Type", echo); r.URL.Path {
		case "/here":
			http.Redirect(w, r, "/there/"+echo, http.StatusFound)
		case "/away":
			http.Redirect(w, r, "https://elsewhere.example/"+echo, http.StatusFound)
		case "/method":
			w.Header().Set("Allow", "GET, "+echo)
			w.WriteHeader(http.StatusMethodNotAllowed)
		case "/json":
			fmt.Fprintf(w, `{"it": %q}`, echo)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, echo)
		}
	})
	for _, path := range []string{"/here", "/away", "/method", "/json", "/text"} {
		req := calltest.Request(t, s.URL+path)
		req.Token, req.Follow = entra.NewSecret(opaque), true
		if path == "/text" {
			req.Token, req.Header = entra.Secret{}, http.Header{"Authorization": {"bearer " + opaque}}
		}
		status, err := call.ParseStatusSet("299")
		if err != nil {
			t.Fatal(err)
		}
		isX, err := jq.Parse(`.it == "x"`)
		if err != nil {
			t.Fatal(err)
		}
		req.Expect = call.Expect{Status: status, Headers: []call.HeaderExpectation{{Name: "X-Echo", Value: "x"}},
			JQ: []jq.Expression{isX}}
		a := calltest.Do(t, calltest.Client(t), req)
		outcome := a.Evaluate()
		shown, err := json.Marshal([]any{outcome, explain.Explain(a, explain.Context{}), a.Redirects})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(shown), "hunter2") || !strings.Contains(string(shown), "[redacted]") {
			t.Errorf("%s: the token is shown, or never came: %s", path, shown)
		}
	}
}

func FuzzExplain(f *testing.F) {
	f.Add(uint16(401), "application/problem+json", `Bearer error="invalid_token"`, "Mon, 23 Nov 2026 12:00:00 GMT",
		explained)
	f.Add(uint16(403), "application/json", ``, "", `{"error":{"code":"AuthorizationFailed","message":{"value":"x"}}}`)
	f.Add(uint16(401), "text/html", ``, "", "<html><title>\x1b[2J</title>")
	f.Add(uint16(401), "application/xml", ``, "",
		"<?xml version=\"1.0\"?><Error><Code>InvalidAuthenticationInfo</Code></Error>")
	f.Add(uint16(302), "", "https://login.microsoftonline.com/x", "", "")
	f.Add(uint16(401), "", `Bearer resource="https://vault.azure.net' ; x"`, "",
		`{"error":"x","error_description":"IDX10205 issuer"}`)
	secret := calltest.AppToken(f, nil)
	f.Fuzz(func(t *testing.T, status uint16, contentType, field, date, body string) {
		resp := &http.Response{StatusCode: int(status % 1000), Header: http.Header{
			"Content-Type": {contentType}, "Www-Authenticate": {field}, "Date": {date}, "Location": {field}, "Allow": {field},
		}, Body: io.NopCloser(strings.NewReader(body))}
		c := &call.Client{Now: calltest.Clock,
			Transport: calltest.RoundTripper(
				func(r *http.Request) (*http.Response, error) { resp.Request = r; return resp, nil })}
		req := calltest.Request(t, "https://api.example.org/x")
		req.Token = secret
		a, err := c.Do(context.Background(), req)
		if err != nil {
			t.Fatal(err)
		}
		if x := explain.Explain(a, explain.Context{Token: secret}); x != nil {
			checkShown(t, x)
			for _, fact := range x.Facts {
				if len(fact.Text) > 5000 || strings.ContainsAny(fact.Text, "\x1b\r\n\x00") {
					t.Fatalf("a fact unfit to be shown: %q", fact.Text)
				}
			}
		}
	})
}
