package token_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
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
	r.Credential = token.NewFederatedFile(file)
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
		r.Credential = token.NewFederatedFile(path)
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

func TestGitHubIdentityThatIsDenied(t *testing.T) {
	s := newStandIn(t)
	newWorkload(t, s)
	for name, answer := range map[string]any{"refused": nil, "no value": map[string]string{},
		"no JWT": map[string]string{"value": "x"}} {
		g := newGitHub(t, s, func(*http.Request) (int, any) {
			if answer == nil {
				return http.StatusForbidden, nil
			}
			return http.StatusOK, answer
		})
		r := s.request()
		r.Credential = token.NewGitHub(g)
		err := acquire(t, s.client(""), r)
		if !errors.Is(err, token.ErrGitHubDenied) || !errors.Is(err, token.ErrUnavailable) ||
			strings.Contains(err.Error(), "runner-token") {
			t.Errorf("%s: error = %v, want ErrGitHubDenied", name, err)
		}
	}
	for _, g := range []token.GitHub{{}, {RequestURL: "http://127.0.0.1/", RequestToken: entra.NewSecret("t")}} {
		r := s.request()
		r.Credential = token.NewGitHub(g)
		if err := acquire(t, s.client(""), r); !errors.Is(err, token.ErrSettings) {
			t.Errorf("error = %v, want ErrSettings", err)
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
	var refusal *token.Refusal
	if !errors.As(err, &refusal) || refusal.Code != "invalid_request" {
		t.Errorf("error = %v, want the endpoint's refusal", err)
	}
	_, err = c.Acquire(t.Context(), token.Request{Scope: scope, Credential: token.NewManagedIdentity("my-identity")})
	if !errors.Is(err, entra.ErrClientForm) {
		t.Errorf("error = %v, want ErrClientForm", err)
	}
}
