package token_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/explain"
	"m2m/internal/token"
)

// workload is another issuer, whose tokens the stand-in federates with.
type workload struct{ key *rsa.PrivateKey }

func newWorkload(t *testing.T, s *standIn) workload {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s.key = &key.PublicKey
	s.federated = map[string]string{
		"iss": "https://issuer.example", "sub": "system:serviceaccount:demo:reader", "aud": "api://AzureADTokenExchange",
	}
	return workload{key}
}

func (w workload) token(t *testing.T, subject string) string {
	t.Helper()
	part := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	signed := part(map[string]any{"alg": "RS256"}) + "." + part(map[string]any{
		"iss": "https://issuer.example", "sub": subject, "aud": "api://AzureADTokenExchange",
		"exp": time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC).Unix(),
	})
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, w.key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// TestFederatedFileIsReadAtEachUse also shows that nothing is cached on disk.
func TestFederatedFileIsReadAtEachUse(t *testing.T) {
	s := newStandIn(t)
	w := newWorkload(t, s)
	file := writeFile(t, "token", "\n"+w.token(t, "system:serviceaccount:demo:reader")+" \r\n")
	dir := t.TempDir()
	c, r := s.client(dir), s.request()
	r.Credential = token.NewFederatedFile(file, "")
	if err := acquire(t, c, r); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(w.token(t, "system:serviceaccount:Demo:reader")), 0o600); err != nil {
		t.Fatal(err)
	}
	err := acquire(t, c, r)
	var refusal *token.Refusal
	if !errors.As(err, &refusal) || refusal.AADSTS[0] != 700213 {
		t.Fatalf("error = %v, want AADSTS700213", err)
	}
	hints := strings.Join(explain.CommandLine.Hints(refusal), "\n")
	for _, part := range []string{`sub "system:serviceaccount:Demo:reader"`,
		"az ad app federated-credential create --id " + clientID, `"subject":"system:serviceaccount:Demo:reader"`} {
		if !strings.Contains(hints, part) {
			t.Errorf("hints lack %q:\n%s", part, hints)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Error("something was cached on disk")
	}
}

func TestFederatedFileThatCannotWork(t *testing.T) {
	s := newStandIn(t)
	for name, path := range map[string]string{
		"missing": "no/such/file", "folder": t.TempDir(), "empty": writeFile(t, "token", "\n"),
		"no JWT": writeFile(t, "token", "a.b.c"), "huge": writeFile(t, "token", strings.Repeat("x", 1<<20)),
	} {
		r := s.request()
		r.Credential = token.NewFederatedFile(path, "")
		err := acquire(t, s.client(""), r)
		var setting *token.SettingError
		if !errors.As(err, &setting) || setting.Found != path {
			t.Errorf("%s: error = %v, want a SettingError", name, err)
		}
	}
	if s.count() != 0 {
		t.Error("something was sent")
	}
}

// newGitHub is GitHub's endpoint for a job's identity.
func newGitHub(t *testing.T, s *standIn, answer func(r *http.Request) (int, any)) token.GitHub {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code, body := answer(r)
		writeJSON(w, code, body)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS() // its certificate is the same as the stand-in's
	t.Cleanup(srv.Close)
	return token.GitHub{RequestURL: srv.URL + "/oidc?api-version=2.0", RequestToken: entra.NewSecret("runner-token")}
}

func TestGitHubIdentity(t *testing.T) {
	s := newStandIn(t)
	w := newWorkload(t, s)
	g := newGitHub(t, s, func(r *http.Request) (int, any) {
		if r.Header.Get("Authorization") != "bearer runner-token" || r.URL.Query().Get("api-version") != "2.0" ||
			r.URL.Query().Get("audience") != "api://AzureADTokenExchange" {
			return http.StatusForbidden, nil
		}
		return http.StatusOK, map[string]string{"value": w.token(t, "system:serviceaccount:demo:reader")}
	})
	r := s.request()
	r.Credential = token.NewGitHub(g)
	if err := acquire(t, s.client(""), r); err != nil {
		t.Fatal(err)
	}
}

// TestProvidersThatGiveNoToken: GitHub and Azure Pipelines, by what their endpoints
// answer: the reason, whether it is a rejection, and their own words.
func TestProvidersThatGiveNoToken(t *testing.T) {
	s := newStandIn(t)
	newWorkload(t, s)
	type answer struct {
		status       int
		header, body string
	}
	for _, tt := range []struct {
		platform token.Platform
		answer   answer
		reason   token.PlatformReason
		rejected bool
		words    string
	}{
		{token.GitHubActions, answer{401, "", `{"message":"Token expired runner-token"}`}, token.ReasonJobToken, true, "Token expired [redacted]"},
		{token.GitHubActions, answer{403, "", `{"message":"Resource not accessible by integration"}`}, token.ReasonJobPermission, true,
			"Resource not accessible"},
		{token.GitHubActions, answer{400, "", `{"message":"Invalid audience"}`}, token.ReasonAudienceRefused, true, "Invalid audience"},
		{token.GitHubActions, answer{302, "https://login.example/x", ""}, token.ReasonSignIn, false, "login.example"},
		{token.GitHubActions, answer{200, "", "<html><title>Welcome to the proxy</title>"}, token.ReasonNotItsAnswer, false,
			"Welcome to the proxy"},
		{token.GitHubActions, answer{500, "", "oops"}, token.ReasonFailing, false, "oops"},
		{token.GitHubActions, answer{429, "", ""}, token.ReasonThrottled, false, "429"},
		{token.GitHubActions, answer{200, "", `{}`}, token.ReasonNotItsAnswer, false, "no token"},
		{token.GitHubActions, answer{200, "", `{"value":"x"}`}, token.ReasonNotItsAnswer, false, "not a JSON Web Token"},
		{token.AzurePipelines, answer{401, "", ""}, token.ReasonJobToken, true, "401"},
		{token.AzurePipelines, answer{302, "https://spsprodeus1.vssps.visualstudio.com/_signin", ""}, token.ReasonSignIn, false, "visualstudio.com"},
		{token.AzurePipelines, answer{203, "", "<html>Sign In"}, token.ReasonSignIn, false, "a page"},
		{token.AzurePipelines, answer{404, "", `{"message":"No service connection found with identifier x","typeKey":"EndpointNotFound"}`},
			token.ReasonServiceConnect, true, "EndpointNotFound: No service connection"},
		{token.AzurePipelines, answer{403, "", `{"message":"Access denied"}`}, token.ReasonJobPermission, true, "Access denied"},
		{token.AzurePipelines, answer{503, "", ""}, token.ReasonFailing, false, "503"},
	} {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if tt.answer.header != "" {
				w.Header().Set("Location", tt.answer.header)
			}
			w.WriteHeader(tt.answer.status)
			_, _ = io.WriteString(w, tt.answer.body)
		}))
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		srv.StartTLS()
		r := s.request()
		r.Credential = token.NewGitHub(token.GitHub{RequestURL: srv.URL, RequestToken: entra.NewSecret("runner-token")})
		if tt.platform == token.AzurePipelines {
			r.Credential = token.NewPipelines(token.Pipelines{
				RequestURI: srv.URL, AccessToken: entra.NewSecret("runner-token"), ServiceConnection: "c",
			})
		}
		err := acquire(t, s.client(""), r)
		srv.Close()
		var e *token.PlatformError
		if !errors.As(err, &e) || e.Platform != tt.platform || e.Reason != tt.reason || errors.Is(err, token.ErrRefused) != tt.rejected ||
			errors.Is(err, token.ErrUnavailable) == tt.rejected || !strings.Contains(err.Error(), tt.words) {
			t.Errorf("%s %v: %v, reason %q", tt.platform, tt.answer, err, e.Reason)
		}
		hints := strings.Join(explain.CommandLine.Hints(err), "\n")
		if hints == "" || strings.Contains(hints, "authority") || strings.Contains(hints, "status.azure.com") {
			t.Errorf("%s %v: hints %q", tt.platform, tt.answer, hints)
		}
	}
	r := s.request()
	r.Credential = token.NewGitHub(token.GitHub{RequestURL: "https://127.0.0.1:1", RequestToken: entra.NewSecret("t")})
	var e *token.PlatformError
	if err := acquire(t, s.client(""), r); !errors.As(err, &e) || e.Reason != token.ReasonNoAnswer {
		t.Errorf("refused: %v", err)
	}
	for _, c := range []token.Credential{
		token.NewGitHub(token.GitHub{}), token.NewGitHub(token.GitHub{RequestURL: "http://127.0.0.1/", RequestToken: entra.NewSecret("t")}),
		token.NewPipelines(token.Pipelines{}), token.NewPipelines(token.Pipelines{RequestURI: "https://a", AccessToken: entra.NewSecret("t")}),
	} {
		r.Credential = c
		if err := acquire(t, s.client(""), r); !errors.Is(err, token.ErrSettings) {
			t.Errorf("error = %v, want ErrSettings", err)
		}
	}
}

// TestPipelinesIdentity is the request that Azure DevOps documents.
func TestPipelinesIdentity(t *testing.T) {
	s := newStandIn(t)
	w := newWorkload(t, s)
	srv := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer job" || r.Header.Get("X-TFS-FedAuthRedirect") != "Suppress" ||
			q.Get("api-version") != "7.1" || q.Get("serviceConnectionId") != "connection" || r.ContentLength != 0 {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		writeJSON(rw, http.StatusOK, map[string]string{"oidcToken": w.token(t, "system:serviceaccount:demo:reader")})
	}))
	defer srv.Close()
	r := s.request()
	r.Credential = token.NewPipelines(token.Pipelines{
		RequestURI: srv.URL, AccessToken: entra.NewSecret("job"), ServiceConnection: "connection",
	})
	if err := acquire(t, s.client(""), r); err != nil {
		t.Fatal(err)
	}
}

// TestFederatedTokenAsPeopleHaveIt: what stands around the token is left out.
func TestFederatedTokenAsPeopleHaveIt(t *testing.T) {
	s := newStandIn(t)
	jwt := newWorkload(t, s).token(t, "system:serviceaccount:demo:reader")
	for name, given := range map[string]string{
		"as it is": jwt, "Bearer": "Bearer " + jwt, "quotes": `"` + jwt + `"`, "byte order mark": "\ufeff" + jwt + "\r\n",
		"JSON": `{"value":"` + jwt + `"}`, "folded": jwt[:50] + "\n" + jwt[50:100] + "\n" + jwt[100:], "NAME=": "TOKEN=" + jwt,
	} {
		r := s.request()
		r.Credential = token.NewFederatedToken(token.FederatedToken{
			Setting: "federated token", Read: func() ([]byte, error) { return []byte(given), nil },
		})
		if err := acquire(t, s.client(""), r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func assertionOf(header, claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(claims)) + "." + encode([]byte("signature"))
}

// TestFederatedTokenThatCannotWork is not sent.
func TestFederatedTokenThatCannotWork(t *testing.T) {
	s := newStandIn(t)
	sound := assertionOf(`{"alg":"RS256"}`, `{"iss":"a","sub":"b","aud":"c"}`)
	for name, tt := range map[string]struct {
		token string
		want  error
	}{
		"empty":               {"", token.ErrAssertionEmpty},
		"two parts":           {sound[:strings.LastIndexByte(sound, '.')], token.ErrAssertionForm},
		"no signature":        {sound[:strings.LastIndexByte(sound, '.')+1], token.ErrAssertionForm},
		"header no base64":    {"e!" + sound, token.ErrAssertionForm},
		"header no JSON":      {assertionOf("x", "{}"), token.ErrAssertionForm},
		"claims no object":    {assertionOf("{}", "[]"), token.ErrAssertionForm},
		"signature no base64": {sound + "+", token.ErrAssertionForm},
		"encrypted":           {sound + ".a.b", token.ErrAssertionEncrypted},
		"opaque":              {"opaque-token", token.ErrAssertionForm},
		"an error in JSON":    {`{"error":"x"}`, token.ErrAssertionForm},
		"expired":             {assertionOf(`{"alg":"RS256"}`, `{"exp":1000000000}`), token.ErrAssertionExpired},
	} {
		r := s.request()
		r.Credential = token.NewFederatedToken(token.FederatedToken{
			Setting: "federated token", Read: func() ([]byte, error) { return []byte(tt.token), nil },
		})
		if err := acquire(t, s.client(""), r); !errors.Is(err, tt.want) || !errors.Is(err, token.ErrSettings) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if s.count() != 0 {
		t.Error("something was sent")
	}
}

// TestFederatedTokenWithAWarning is sent, for Entra decides.
func TestFederatedTokenWithAWarning(t *testing.T) {
	s := newStandIn(t)
	for claims, want := range map[string]string{
		`{"aud":"sts.amazonaws.com"}`:                             `audience is "sts.amazonaws.com"`,
		`{"aud":["a","api://AzureADTokenExchange"]}`:              "",
		`{"aud":"fb60f99c-7a34-4190-8149-302f77469936"}`:          "",
		fmt.Sprintf(`{"aud":"x","exp":%d}`, time.Now().Unix()-60): "audience",
	} {
		var warned string
		c, r := s.client(""), s.request()
		c.Warn = func(line string) { warned += line }
		r.Credential = token.NewFederatedToken(token.FederatedToken{
			Setting: "federated token",
			Read:    func() ([]byte, error) { return []byte(assertionOf(`{"alg":"RS256"}`, claims)), nil },
		})
		if err := acquire(t, c, r); !errors.Is(err, token.ErrRefused) || (warned != "") != (want != "") || !strings.Contains(warned, want) {
			t.Errorf("%s: %v, warned %q, want %q", claims, err, warned, want)
		}
	}
}

// TestManagedIdentity stands in for App Service, whose endpoint is the one that
// the environment can move here.
func TestManagedIdentity(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch q := r.URL.Query(); {
		case r.Header.Get("X-IDENTITY-HEADER") != "app-service-header":
			w.WriteHeader(http.StatusUnauthorized)
		case q.Get("client_id") == clientID:
			writeJSON(w, 400, map[string]string{"error": "invalid_request", "error_description": "Identity not found"})
		default:
			writeJSON(w, 200, map[string]any{
				"access_token": "eyJ.managed." + base64.RawURLEncoding.EncodeToString([]byte(q.Get("resource"))),
				"expires_on":   time.Now().Add(24 * time.Hour).Unix(), "token_type": "Bearer", "resource": q.Get("resource"),
			})
		}
	}))
	defer srv.Close()
	t.Setenv("IDENTITY_ENDPOINT", srv.URL)
	t.Setenv("IDENTITY_HEADER", "app-service-header")
	c := &token.Client{Wait: noWait}
	got, err := c.Acquire(t.Context(), token.Request{Scope: scope, Credential: token.NewManagedIdentity("")})
	if err != nil {
		t.Fatal(err)
	}
	want := "eyJ.managed." + base64.RawURLEncoding.EncodeToString([]byte(entra.Resource(scope)))
	if got.Access.Reveal() != want {
		t.Errorf("token = %q, want %q", got.Access.Reveal(), want)
	}
	_, err = c.Acquire(t.Context(), token.Request{Scope: scope, Credential: token.NewManagedIdentity(clientID)})
	var refusal *token.PlatformError
	if !errors.As(err, &refusal) || refusal.Code != "invalid_request" || refusal.Reason != token.ReasonNotAssigned ||
		!errors.Is(err, token.ErrRefused) {
		t.Errorf("error = %v, want the endpoint's refusal", err)
	}
	_, err = c.Acquire(t.Context(), token.Request{Scope: scope, Credential: token.NewManagedIdentity("my-identity")})
	if !errors.Is(err, entra.ErrClientForm) {
		t.Errorf("error = %v, want ErrClientForm", err)
	}
}
