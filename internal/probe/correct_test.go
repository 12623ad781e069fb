package probe_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/probe"
	"m2m/internal/probe/forge"
	"m2m/internal/probe/probetest"
)

// debianPython is the interpreter that Debian's packages are for; another one
// on the PATH would not find them.
const debianPython = "/usr/bin/python3"

// nodeModules is where the tests of m2m as a client have theirs.
const nodeModules = "../../cmd/m2m/testdata/clients/node_modules"

// TestCorrectAPIs probes APIs of which no line is ours but the rules: other HTTP
// servers, other frameworks, other libraries for tokens. What is not installed is
// skipped.
func TestCorrectAPIs(t *testing.T) {
	if testing.Short() {
		t.Skip("other languages are too slow for the fast lane")
	}
	for _, tt := range []struct {
		name    string
		present func() error
		command func(t *testing.T, keys string, issuer *probetest.Issuer) []string
	}{
		{
			"FastAPI with PyJWT",
			func() error {
				return exec.Command(debianPython, "-c", "import fastapi, uvicorn, jwt, cryptography").Run()
			},
			func(_ *testing.T, keys string, issuer *probetest.Issuer) []string {
				return []string{debianPython, "testdata/stock_api.py", keys, issuer.Name, issuer.Audience, issuer.Role}
			},
		},
		{
			"Express with jose",
			func() error {
				for _, name := range []string{"express", "jose"} {
					if _, err := os.Stat(filepath.Join(nodeModules, name)); err != nil {
						return err
					}
				}
				_, err := exec.LookPath("node")
				return err
			},
			func(t *testing.T, keys string, issuer *probetest.Issuer) []string {
				modules, err := filepath.Abs(nodeModules)
				if err != nil {
					t.Fatal(err)
				}
				return []string{"node", "testdata/stock_api.mjs", modules, keys, issuer.Name, issuer.Audience, issuer.Role}
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := tt.present(); err != nil {
				t.Skipf("SKIP: not installed: %v", err)
			}
			issuer, err := newIssuer()
			if err != nil {
				t.Fatal(err)
			}
			keys := filepath.Join(t.TempDir(), "keys.json")
			if err := os.WriteFile(keys, issuer.Keys(), 0o600); err != nil {
				t.Fatal(err)
			}
			port := startProgram(t, tt.command(t, keys, issuer))
			findNothing(t, issuer, net.JoinHostPort("127.0.0.1", port))
		})
	}
}

// nginxConfig passes every request on.
const nginxConfig = `
daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
	server {
		listen 127.0.0.1:%[2]s;
		large_client_header_buffers 4 32k;
		location / {
			proxy_pass http://%[3]s;
			proxy_set_header Host $http_host;
			proxy_set_header X-Forwarded-For $remote_addr;
		}
	}
}
`

// TestACorrectAPIBehindNginx probes the API with a proxy in front of it.
func TestACorrectAPIBehindNginx(t *testing.T) {
	nginx, err := exec.LookPath("nginx")
	if err != nil || testing.Short() {
		t.Skipf("SKIP: nginx is not installed, or the lane is the fast one: %v", err)
	}
	behind := start(t, probetest.Correct)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, nginxConfig, dir, port, behind.Target.Host), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, nginx, "-p", dir, "-c", config, "-e", filepath.Join(dir, "error.log"))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was killed
	})
	for try := 0; ; try++ {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			break
		}
		if try == 500 {
			log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Fatalf("nginx does not listen: %v %s", err, log)
		}
		time.Sleep(20 * time.Millisecond)
	}
	issuer, err := newIssuer()
	if err != nil {
		t.Fatal(err)
	}
	findNothing(t, issuer, address)
}

// findNothing probes an API that is correct.
func findNothing(t *testing.T, issuer *probetest.Issuer, address string) {
	t.Helper()
	keys, err := forge.ParseKeys(issuer.Keys())
	if err != nil {
		t.Fatal(err)
	}
	report, err := probe.Run(t.Context(), probe.Config{
		Target: &url.URL{Scheme: "http", Host: address, Path: "/stock"},
		Token:  entra.NewSecret(issuer.Token(probetest.Changes{})), Keys: keys, Minter: minter{issuer},
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

// startProgram runs an API and returns the port that it prints.
func startProgram(t *testing.T, command []string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = []string{"PYTHONDONTWRITEBYTECODE=1", "PATH=" + os.Getenv("PATH")}
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
