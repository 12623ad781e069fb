package probe_test

import (
	"bufio"
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/probe"
	"m2m/internal/probe/forge"
	"m2m/internal/probe/probetest"
)

// debianPython is the interpreter that Debian's packages are for; another one
// on the PATH would not find them.
const debianPython = "/usr/bin/python3"

// TestACorrectAPIInPython probes an API of which no line is ours but the rules:
// another HTTP server, another framework, another library for tokens.
func TestACorrectAPIInPython(t *testing.T) {
	if testing.Short() {
		t.Skip("Python is too slow for the fast lane")
	}
	if out, err := exec.Command(debianPython, "-c",
		"import fastapi, uvicorn, jwt, cryptography").CombinedOutput(); err != nil {
		t.Skipf("SKIP: %s with the packages python3-fastapi, python3-uvicorn, python3-jwt and python3-cryptography is missing: %v %s", debianPython, err, out)
	}
	issuer, err := newIssuer()
	if err != nil {
		t.Fatal(err)
	}
	port := startPython(t, issuer)
	keys, err := forge.ParseKeys(issuer.Keys())
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort("127.0.0.1", port)
	report, err := probe.Run(t.Context(), probe.Config{
		Target: &url.URL{Scheme: "http", Host: address, Path: "/stock"},
		Token:  entra.NewSecret(issuer.Token(probetest.Changes{})), Keys: keys, Minter: minter{issuer}, Rate: 1e6,
		Dial: func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", address) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		if r.Outcome == probe.Finding || r.Outcome == probe.NotTried && !strings.HasSuffix(r.Case.Name, "-resource") {
			t.Errorf("%s: %s, %s", r.Case.Name, r.Outcome, r.Got)
		}
	}
}

// startPython runs the API and returns its port.
func startPython(t *testing.T, issuer *probetest.Issuer) string {
	t.Helper()
	keysFile := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(keysFile, issuer.Keys(), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, debianPython, "testdata/stock_api.py", keysFile, issuer.Name, issuer.Audience,
		issuer.Role)
	cmd.Env = []string{"PYTHONDONTWRITEBYTECODE=1"}
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was killed
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the API did not begin to listen: %v", err)
	}
	return strings.TrimSpace(line)
}
