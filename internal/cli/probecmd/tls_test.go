package probecmd

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/probe/probetest"
)

// probeTLS runs m2m probe against a handler behind TLS.
func probeTLS(t *testing.T, ctx context.Context, issuer *probetest.Issuer, api http.Handler,
	flags ...string) (code exit.Code, stdout, stderr string) {
	t.Helper()
	server := httptest.NewUnstartedServer(api)
	server.EnableHTTP2 = true // the probe speaks HTTP/1.1 all the same
	server.StartTLS()
	t.Cleanup(server.Close)
	dir := t.TempDir()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "ca.pem"), ca, 0o600),
		os.WriteFile(filepath.Join(dir, "token"), []byte(issuer.Token(probetest.Changes{})), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	args := []string{"probe", "--token-file", filepath.Join(dir, "token"), "--ca-file",
		filepath.Join(dir, "ca.pem"), server.URL + "/stock"}
	env := &cli.Env{Args: slices.Concat(args, flags), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errOut,
		Dir: dir, Now: time.Now}
	code = cli.Run(ctx, env, cli.Commands{List: []cli.Command{{Name: "probe", New: New}}})
	return code, out.String(), errOut.String()
}

// TestProbeOverTLS finds over TLS what it finds without, and nothing else.
func TestProbeOverTLS(t *testing.T) {
	issuer, err := probetest.NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	issuer.Name = "https://127.0.0.1:1/v2.0" // its keys cannot be fetched
	holes := probetest.Holes()
	jwk := holes[slices.IndexFunc(holes, func(h probetest.Hole) bool { return h.Name == "jwk" })]
	for _, tt := range []struct {
		api  *probetest.API
		code exit.Code
		want string
	}{
		{probetest.Correct(issuer), exit.Done, "\nverdict: no hole found in 24 cases\n"},
		{probetest.Broken(issuer, jwk), exit.Unmet, "\n  jwk  our key in jwk\n"},
	} {
		code, stdout,
			stderr := probeTLS(t, t.Context(), issuer, tt.api, "--rate", "1000", "--only", "jku*", "--only",
			"jwk", "--only", "path-*", "--only", "alg-none")
		if code != tt.code || !strings.Contains(stdout, tt.want) {
			t.Errorf("exit code %d, want %d with %q:\n%s%s", code, tt.code, tt.want, stdout, stderr)
		}
	}
}

// TestAProbeThatTriesNothing has a token of which the case cannot be made: no
// finding is no all-clear.
func TestAProbeThatTriesNothing(t *testing.T) {
	issuer, err := probetest.NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	issuer.Name = "https://127.0.0.1:1/v2.0" // its keys cannot be fetched
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(issuer.Token(probetest.Changes{Claims: map[string]any{"tid": nil}})),
		0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout,
		stderr := probeTLS(t, t.Context(), issuer, probetest.Correct(issuer), "--token-file", token, "--only",
		"hs256-tenant")
	if code != exit.Unknown || !strings.Contains(stdout, "\nverdict: unknown\n") ||
		!strings.Contains(stderr, "no case could be made of this token and these keys: the token has no claim tid\n") {
		t.Errorf("exit code %d, want %d:\n%s%s", code, exit.Unknown, stdout, stderr)
	}
}

// TestASignalEndsAProbe stops one between two requests that are far apart.
func TestASignalEndsAProbe(t *testing.T) {
	issuer, err := probetest.NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	correct := probetest.Correct(issuer)
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		correct.ServeHTTP(w, r)
		cancel(exit.SignalError{Signal: os.Interrupt})
	})
	code, stdout, stderr := probeTLS(t, ctx, issuer, api, "--rate", "0.001")
	if code != exit.Interrupted || stdout != "" || !strings.Contains(stderr, "stopped by a signal: interrupt") {
		t.Errorf("exit code %d, want %d:\n%s%s", code, exit.Interrupted, stdout, stderr)
	}
}

// TestASignalKeepsWhatAProbeFound: the report of what was tried by then, and
// still the code of a signal.
func TestASignalKeepsWhatAProbeFound(t *testing.T) {
	issuer, err := probetest.NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	issuer.Name = "https://127.0.0.1:1/v2.0" // its keys cannot be fetched
	holes := probetest.Holes()
	broken := probetest.Broken(issuer,
		holes[slices.IndexFunc(holes, func(h probetest.Hole) bool { return h.Name == "alg-none" })])
	ctx, cancel := context.WithCancelCause(t.Context())
	requests := 0
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests++; requests > 10 {
			cancel(exit.SignalError{Signal: os.Interrupt})
		}
		broken.ServeHTTP(w, r)
	})
	report := filepath.Join(t.TempDir(), "junit.xml")
	code, stdout, stderr := probeTLS(t, ctx, issuer, api, "--rate", "1000", "--junit", report)
	if code != exit.Interrupted || !strings.Contains(stderr, "stopped by a signal: interrupt") {
		t.Errorf("exit code %d, want %d:\n%s", code, exit.Interrupted, stderr)
	}
	if !strings.Contains(stdout, "\n  alg-none  ") || !strings.Contains(stdout, "more: the run stopped before it\n") {
		t.Errorf("the report lacks the finding or what was not tried:\n%s", stdout)
	}
	if xml, err := os.ReadFile(report); err != nil || !strings.Contains(string(xml), `name="alg-none"`) ||
		!strings.Contains(string(xml), "stopped by a signal") {
		t.Errorf("junit: %v\n%s", err, xml)
	}
}
