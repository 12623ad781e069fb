package explain_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"m2m/internal/call"
	"m2m/internal/call/calltest"
	"m2m/internal/entra"
	"m2m/internal/explain"
	"m2m/internal/jq"
)

// explainAnswer sends a token to a server that answers so, and explains that.
func explainAnswer(t *testing.T, status int, header map[string]string, body string, c explain.Context) *explain.Diagnosis {
	t.Helper()
	s := calltest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
	request := calltest.Request(t, s.URL+"/secure-data")
	request.Token = c.Token
	return explain.Explain(calltest.Do(t, calltest.Client(t), request), c)
}

func TestExplainARedirectLoop(t *testing.T) {
	api := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
	request := calltest.Request(t, api.URL)
	request.Follow = true
	x := explain.Explain(calltest.Do(t, calltest.Client(t), request), explain.Context{})
	if x == nil || x.Code != explain.CodeRedirected || !strings.Contains(x.Cause, "there were too many") {
		t.Errorf("%+v", x)
	}
}

// TestExplainByATLSServer: Go's own answer to plain http.
func TestExplainByATLSServer(t *testing.T) {
	s := calltest.ServeTLS(t, func(http.ResponseWriter, *http.Request) {})
	request := calltest.Request(t, strings.Replace(s.URL, "https:", "http:", 1)+"/x")
	x := explain.Explain(calltest.Do(t, calltest.Client(t), request), explain.Context{})
	if x == nil || x.Code != explain.CodePlainHTTP || x.Fixes[0] != "call "+s.URL+"/x" {
		t.Errorf("%+v", x)
	}
}

// TestExplainBySettings: what the settings say counts where the API says nothing.
func TestExplainBySettings(t *testing.T) {
	for _, tt := range []struct {
		name    string
		status  int
		context explain.Context
		code    explain.Code
		words   string
	}{
		{"another audience", 401, explain.Context{Audiences: []string{"api://other", calltest.ClientID}}, explain.CodeWrongAudience,
			"the settings say that the API accepts only api://other"},
		{"a GUID that may be the URI's", 401, explain.Context{Audiences: []string{"api://name"}}, explain.CodeUnexplained, "does not say why"},
		{"the right audience in capitals", 401, explain.Context{Audiences: []string{strings.ToUpper(calltest.APIID)}},
			explain.CodeUnexplained, "its audience is the one that the settings name"},
		{"another tenant", 401, explain.Context{TenantID: calltest.ClientID}, explain.CodeWrongTenant, calltest.TenantID},
		{"another role", 403, explain.Context{RequiredRoles: []string{"Data.Write"}}, explain.CodeMissingRole, "Data.Write"},
		{"another case", 403, explain.Context{RequiredRoles: []string{"data.read"}}, explain.CodeMissingRole, "letter by letter"},
		{"flags of the caller", 401, explain.Context{Flags: "--local"}, explain.CodeUnexplained, "m2m token --local | m2m verify --local"},
		{"token of a file", 401, explain.Context{TokenFile: "my token", Flags: "--local"}, explain.CodeUnexplained,
			"m2m verify --local '@my token'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.context.Token = calltest.AppToken(t, nil)
			x := explainAnswer(t, tt.status, map[string]string{"WWW-Authenticate": `Bearer error="invalid_token"`}, "", tt.context)
			if x == nil || x.Code != tt.code || !strings.Contains(shown(x), tt.words) {
				t.Errorf("want %s with %q:\n%s", tt.code, tt.words, shown(x))
			}
		})
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
	x := explainAnswer(t, 401, map[string]string{"WWW-Authenticate": echo},
		`{"detail":"cut off: `+secret.Reveal()[:len(secret.Reveal())*2/3]+`"}`, explain.Context{Token: secret})
	all, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	if _, signed,
		ok := strings.Cut(secret.Reveal(), "."); strings.Contains(string(all), secret.Reveal()) || ok &&
		strings.Contains(string(all), signed[:20]) {
		t.Errorf("the token is shown: %s", all)
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
		all, err := json.Marshal([]any{outcome, explain.Explain(a, explain.Context{}), a.Redirects})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(all), "hunter2") || !strings.Contains(string(all), "[redacted]") {
			t.Errorf("%s: the token is shown, or never came: %s", path, all)
		}
	}
}

// FuzzExplain mutates recorded answers. Whatever comes: nothing that is shown is unfit
// for a terminal or secret, the size is bounded, and no token of a managed identity
// is to be refreshed.
func FuzzExplain(f *testing.F) {
	for i, r := range readRecorded(f) {
		f.Add(uint16(r.status), r.header.Get("Content-Type"), r.header.Get("WWW-Authenticate"), r.header.Get("Server"), r.body, i%2 == 0)
	}
	secret := tokenOf(f, "app noroles")
	managed := tokenOf(f, "app noroles managed")
	f.Fuzz(func(t *testing.T, status uint16, contentType, challenge, server, body string, isManaged bool) {
		token := secret
		if isManaged {
			token = managed
		}
		header := http.Header{"Content-Type": {contentType}, "Www-Authenticate": {challenge}, "Server": {server}, "Location": {challenge},
			"Allow": {challenge}}
		c := &call.Client{Now: calltest.Clock, Transport: calltest.RoundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: int(status % 1000), Header: header, Request: r,
				Body: io.NopCloser(strings.NewReader(strings.ReplaceAll(body, "TOKEN", token.Reveal())))}, nil
		})}
		request := calltest.Request(t, "https://api.example.org/x")
		request.Token = token
		a, err := c.Do(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		x := explain.Explain(a, explain.Context{Token: token})
		if x == nil {
			return
		}
		checkShown(t, x)
		all := shown(x)
		if len(all) > 64<<10 || strings.Contains(all, token.Reveal()[40:120]) {
			t.Fatalf("too long, or the token is in it: %d bytes", len(all))
		}
		if isManaged && strings.Contains(all, "--refresh") {
			t.Fatalf("a managed identity's token is to be refreshed:\n%s", all)
		}
	})
}
