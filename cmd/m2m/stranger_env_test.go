package main

import (
	"bytes"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"m2m/internal/settings"
)

// What a .env that was found must not move.
const (
	callersSecret = "callers~secret-abcdefghijklmnop"
	callersToken  = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJjYWxsZXJzIn0.c2lnbmF0dXJl"
	callersKey    = "callers-key-0123456789"
	callersBody   = "callers-body-0123456789"
)

// stranger is the server of who wrote the .env: over http and https it records all
// that arrives.
type stranger struct {
	mu       sync.Mutex
	arrived  bytes.Buffer
	requests int
	plain    *httptest.Server
	secure   *httptest.Server
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	s := &stranger{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dump, err := httputil.DumpRequest(r, true)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests++
		s.arrived.Write(dump)
		if err != nil || s.secure == nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		tenant := s.secure.URL + "/" + strings.Split(r.URL.Path, "/")[1]
		io.WriteString(w, strings.NewReplacer("TENANT", tenant).Replace(`{"issuer":"TENANT/v2.0",`+
			`"authorization_endpoint":"TENANT/oauth2/v2.0/authorize","token_endpoint":"TENANT/oauth2/v2.0/token",`+
			`"jwks_uri":"TENANT/keys","keys":[],"access_token":"opaque","token_type":"Bearer","expires_in":3600}`))
	})
	s.plain, s.secure = httptest.NewServer(handler), httptest.NewTLSServer(handler)
	t.Cleanup(func() { s.plain.Close(); s.secure.Close() })
	return s
}

// take returns what arrived since it was last called.
func (s *stranger) take() (requests int, arrived string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.requests = 0; s.arrived.Reset() }()
	return s.requests, s.arrived.String()
}

// dotEnvs are the settings that the stranger tries: each variable alone, those that
// lead somewhere together, and all at once.
func (s *stranger) dotEnvs() map[string]string {
	const ids = "TENANT_ID=11111111-2222-4333-8444-555555555555\nCLIENT_ID=11111111-2222-4333-8444-666666666666\n"
	value := func(name string) string {
		switch name {
		case "TENANT_ID", "AZURE_TENANT_ID", "CLIENT_ID", "AZURE_CLIENT_ID", "API_AUDIENCE":
			return "11111111-2222-4333-8444-555555555555"
		case "AZURE_AUTHORITY_HOST":
			return s.secure.URL
		case "API_URL":
			return s.plain.URL
		case "API_SCOPE":
			return "https://graph.microsoft.com/.default"
		case "AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_CERTIFICATE_PATH":
			return "../home/token"
		case "M2M_CA_FILE":
			return "stranger.pem"
		}
		return "stranger"
	}
	line := func(name string) string { return name + "='" + value(name) + "'\n" }
	files := map[string]string{
		"host and CA":     line("AZURE_AUTHORITY_HOST") + line("M2M_CA_FILE"),
		"IDs, host, CA":   ids + line("AZURE_AUTHORITY_HOST") + line("M2M_CA_FILE"),
		"address and CA":  "API_URL='" + s.secure.URL + "'\n" + line("M2M_CA_FILE"),
		"a login at home": ids + "AZURE_FEDERATED_TOKEN_FILE=../home/token\n" + line("API_URL"),
		"a login linked":  ids + "AZURE_FEDERATED_TOKEN_FILE=linked\n" + line("API_URL"),
	}
	everything := ""
	for _, name := range settings.Variables() {
		files[name] = line(name)
		everything += line(name)
	}
	files["everything"] = everything
	return files
}

// TestStrangersEnvMovesNothing runs the commands, as processes, in a folder with each
// of these .env, with secrets of the caller's around it.
func TestStrangersEnvMovesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("some hundred processes")
	}
	s := newStranger(t)
	root := t.TempDir()
	dir, home := filepath.Join(root, "cloned"), filepath.Join(root, "home")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.secure.Certificate().Raw})
	for path, content := range map[string]string{
		filepath.Join(dir, "stranger.pem"): string(certificate), filepath.Join(home, "token"): callersToken,
		filepath.Join(home, "suite.yaml"): "requests:\n  - name: one\n    url: /x\n    headers:\n      X-Id: ${MINE}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(home, "token"), filepath.Join(dir, "linked")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	ids := []string{"TENANT_ID=72f9c1d4-0b6e-4a57-9c3d-5e8f2a1b7c60", "CLIENT_ID=5d2c8e31-7f40-4b9a-a1e6-3c9d0f8b2a74"}
	secret := []string{"CLIENT_SECRET=" + callersSecret}
	suite := []string{"test", filepath.Join(home, "suite.yaml"), "--timeout", "100ms"}
	lines := []struct {
		given []string
		args  []string
	}{
		{secret, []string{"token", "--timeout", "100ms", "--scope", "api://orders/.default"}},
		{append(secret, ids...), []string{"token", "--timeout", "100ms", "--scope", "api://orders/.default"}},
		{append(secret, ids...), []string{"call", "/x", "--timeout", "100ms"}},
		{append(secret, ids...), []string{"call", "/x", "--timeout", "100ms", "--scope", "api://orders/.default"}},
		{append(secret, ids...), []string{"probe", "/x", "--timeout", "100ms"}},
		{ids, []string{"token", "--timeout", "100ms", "--federated-token-file", filepath.Join(home, "token")}},
		{nil, []string{"call", "/x", "--token-file", filepath.Join(home, "token")}},
		{nil, []string{"call", s.plain.URL + "/own", "--no-token"}},
		{nil, []string{"call", "/x", "--no-token", "-H", "X-Api-Key: " + callersKey}},
		{nil, []string{"call", "/x", "--no-token", "-H", "Cookie: id=" + callersKey}},
		{nil, []string{"call", "/x", "--no-token", "-d", callersBody}},
		{nil, []string{"call", "/x?code=" + callersKey, "--no-token"}},
		{append([]string{"MINE=" + callersKey}, append(secret, ids...)...), suite},
		{[]string{"MINE=" + callersKey}, suite},
		{append(secret, ids...), []string{"doctor", "/x", "--timeout", "100ms"}},
		{ids, []string{"verify", callersToken}},
		{append(ids, "API_SCOPE=api://orders/.default"), []string{"serve", "--check", "--addr", "127.0.0.1:0"}},
	}
	used := 0
	for name, content := range s.dotEnvs() {
		if err := os.WriteFile(filepath.Join(dir, settings.EnvFileName), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			cmd := exec.Command("m2m", line.args...)
			cmd.Dir = dir
			cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "HTTPS_PROXY=http://127.0.0.1:1",
				"GORACE=atexit_sleep_ms=10"}, line.given...)
			out, _ := cmd.CombinedOutput() // mostly a rejection; the exit codes are those of settings_trust.txtar
			requests, arrived := s.take()
			used += requests
			for _, mine := range []string{callersSecret, callersToken, callersKey, callersBody} {
				if strings.Contains(arrived, mine) {
					t.Errorf(".env with %s, m2m %v: %s reached the stranger:\n%s\n%s", name, line.args, mine, arrived, out)
				}
			}
		}
	}
	if used == 0 {
		t.Error("nothing reached the stranger at all: the test cannot find a leak")
	}
}
