package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"m2m/internal/settings"
)

// clientsVariable says how many of other people's clients have to be shown, so
// that CI cannot pass by installing none.
const clientsVariable = "M2M_CLIENTS_AT_LEAST"

// notInstalled is the exit code of a client's program that lacks its library.
const notInstalled = 77

// clientPrograms is the folder of the programs.
const clientPrograms = "testdata/clients"

// client is a client library: a program that acquires a token with it, and
// validates the token as an API would.
type client struct {
	name        string
	argv        []string // without the credential
	needs       []string // files without which it is not installed
	credentials string
	// withoutProxy says that it heeds no proxy variables: it cannot be
	// intercepted.
	withoutProxy bool
}

func otherPeoplesClients() []client {
	const all, posts = "secret certificate federated", "secret basic"
	python := func(library, credentials string) client {
		return client{name: "python/" + library, argv: []string{"/usr/bin/python3", "python/acquire.py", library},
			credentials: credentials}
	}
	node := func(program, credentials string) client {
		return client{name: "node/" + program, argv: []string{"node", "node/" + program + ".mjs"},
			needs: []string{"node_modules/jose"}, credentials: credentials}
	}
	goLibrary := func(library, credentials string) client {
		return client{name: "go/" + library, argv: []string{"go/clients", library}, needs: []string{"go/clients"},
			credentials: credentials}
	}
	simple := node("simple-oauth2", posts)
	simple.withoutProxy = true
	return []client{
		python("msal", all), python("azure-identity", all), python("adal", "secret certificate"),
		python("requests-oauthlib", posts),
		node("msal-node", all), node("azure-identity", all), node("openid-client", all+" basic"), simple,
		goLibrary("msal", all), goLibrary("azidentity", all), goLibrary("oauth2", posts),
		{name: "curl", argv: []string{"sh", "curl.sh"}, credentials: all + " basic"},
		{name: "kubelogin", argv: []string{"sh", "kubelogin.sh"}, credentials: all},
	}
}

// TestClients shows clients that are not ours with the local tenant. Against
// --local their authority is changed, and the documented switch for instance
// discovery; against --intercept they run as they are, in a network that has a
// proxy of its own.
func TestClients(t *testing.T) {
	if testing.Short() {
		t.Skip("other people's programs")
	}
	outside, err := newOutside()
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	files := writeClientFiles(t, outside)
	var shown atomic.Int32
	showAll := func(t *testing.T, tenant servedTenant) {
		t.Run("clients", func(t *testing.T) {
			for _, c := range otherPeoplesClients() {
				c.showAll(t, tenant, &shown)
			}
		})
	}
	t.Run("local", func(t *testing.T) {
		showAll(t, serveForClients(t, files, files.outsideCA))
	})
	t.Run("intercept", func(t *testing.T) {
		network := startParentProxy(t, files.outsideCA)
		tenant := serveForClients(t, files, network.roots, "HTTPS_PROXY="+network.proxy)
		showAll(t, tenant)
		network.assertAskedFor(t) // nothing: what is for a login host stays here
		call := exec.Command("m2m", "call", "--no-token", "https://api.example.com/")
		call.Env = tenant.environ
		if said, err := call.CombinedOutput(); err != nil {
			t.Errorf("m2m call: %v\n%s", err, said)
		}
		network.assertAskedFor(t, "CONNECT api.example.com:443")
	})
	want, _ := strconv.Atoi(os.Getenv(clientsVariable)) // none outside CI
	if got := int(shown.Load()); got < want {
		t.Errorf("%d were shown, %d should be", got, want)
	}
	t.Logf("%d were shown", shown.Load())
}

// TestManagedIdentityClients shows clients, as they are used on Azure, with a managed
// identity of the local tenant: the machine's own and a user-assigned one by App
// Service's variables, and those that take another address of IMDS by that.
func TestManagedIdentityClients(t *testing.T) {
	if testing.Short() {
		t.Skip("other people's programs")
	}
	const system, user = "2c1a6d0e-5b84-4f37-9e62-d8b3a7f05c19", "95d7b3f2-c06e-4a18-8b4d-1f7e9a2c6d80"
	everywhere := map[string]string{
		"python/msal": "managed", "python/azure-identity": "managed default", "node/msal-node": "managed",
		"node/azure-identity": "managed default", "go/msal": "managed", "go/azidentity": "managed default",
	}
	for _, c := range []struct {
		name        string
		flags       []string
		id          string
		credentials map[string]string
	}{
		{"system-assigned", []string{"--as", "m2m-demo-system"}, system, everywhere},
		{"user-assigned", []string{"--as", "m2m-demo-user"}, user, everywhere},
		{"IMDS", []string{"--as", "m2m-demo-user", "--imds", "127.0.0.1:0"}, user,
			map[string]string{"node/msal-node": "managed", "node/azure-identity": "managed default"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			environ := runForClients(t, append([]string{"tenant", "run"}, c.flags...), nil)
			authority, _ := settings.LookupVariable(environ, "AZURE_AUTHORITY_HOST")
			// Only the programs read these two, to validate the token.
			tenant := servedTenant{environ: settings.WithVariables(environ, map[string]string{
				"LOCAL_AUTHORITY": authority, "CLIENT_ID": c.id, "PYTHONDONTWRITEBYTECODE": "1",
			})}
			var shown atomic.Int32
			for _, other := range otherPeoplesClients() {
				other.credentials = c.credentials[other.name]
				other.showAll(t, tenant, &shown)
			}
		})
	}
}

// showAll runs a client with each of its credentials.
func (c client) showAll(t *testing.T, tenant servedTenant, shown *atomic.Int32) {
	if c.withoutProxy && tenant.intercepts {
		return
	}
	for _, credential := range strings.Fields(c.credentials) {
		t.Run(c.name+"/"+credential, func(t *testing.T) {
			t.Parallel()
			if missing := c.missing(tenant.environ); missing != "" {
				t.Skip("SKIP: " + missing + " is not installed")
			}
			t.Log(c.show(t, tenant, credential))
			shown.Add(1)
		})
	}
}

// missing names a file or program without which the client cannot run.
func (c client) missing(environ []string) string {
	for _, file := range c.needs {
		if _, err := os.Stat(filepath.Join(clientPrograms, file)); err != nil {
			return file
		}
	}
	program := c.argv[0]
	if program == "sh" {
		program = c.name // the script is ours, and named after it
	}
	if strings.HasPrefix(program, "go/") {
		return ""
	}
	if filepath.IsAbs(program) {
		if _, err := exec.LookPath(program); err == nil {
			return ""
		}
		return program
	}
	path, _ := settings.LookupVariable(environ, "PATH")
	for _, folder := range filepath.SplitList(path) {
		if _, err := exec.LookPath(filepath.Join(folder, program)); err == nil {
			return ""
		}
	}
	return program
}

var printedToken = regexp.MustCompile(`(?m)^token (\S+)\n`)

// show runs the program, and has m2m validate the token of one that cannot do
// that by itself. It returns what the program says about itself.
func (c client) show(t *testing.T, tenant servedTenant, credential string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(c.argv[0], append(c.argv[1:], credential)...)
	cmd.Dir, cmd.Env, cmd.Stderr = clientPrograms, tenant.environ, &stderr
	stdout, err := cmd.Output()
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) && ended.ExitCode() == notInstalled {
		t.Skipf("SKIP: %s", bytes.TrimSpace(stdout))
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	said := string(stdout)
	if strings.Contains(c.argv[0], "sh") {
		token := printedToken.FindStringSubmatch(said)
		if token == nil {
			t.Fatalf("it printed no token: %s", stderr.Bytes())
		}
		verify := exec.Command("m2m", "verify")
		verify.Env, verify.Stdin = tenant.environ, strings.NewReader(token[1])
		if report, err := verify.CombinedOutput(); err != nil {
			t.Fatalf("m2m verify: %v\n%s", err, report)
		}
		said = strings.TrimSpace(printedToken.ReplaceAllString(said, "")) + ", validated by m2m verify"
	}
	return strings.TrimSpace(said)
}

// servedTenant is a running m2m serve --local -- COMMAND.
type servedTenant struct {
	environ    []string // of COMMAND
	intercepts bool
}

// serveForClients runs a tenant until the test ends, with a COMMAND that writes
// its environment down and waits. With variables for the proxy of a network it
// intercepts.
func serveForClients(t *testing.T, files clientFiles, roots string, proxy ...string) servedTenant {
	t.Helper()
	argv := []string{"serve", "--local", "--tenant-file", files.tenant}
	if proxy != nil {
		argv = append(argv, "--intercept")
	}
	environ := settings.WithVariables(runForClients(t, argv, append(proxy, "SSL_CERT_FILE="+roots)), map[string]string{
		"CERTIFICATE_FILE": files.certificate, "FEDERATED_TOKEN_FILE": files.federatedToken, "PYTHONDONTWRITEBYTECODE": "1",
	})
	if proxy != nil {
		preload := "--import=./node/proxy.mjs" // Node.js before 22.21 has no switch for it
		return servedTenant{settings.WithVariables(settings.WithoutVariables(environ, []string{"AZURE_AUTHORITY_HOST"}),
			map[string]string{"NODE_OPTIONS": preload}), true}
	}
	authority, _ := settings.LookupVariable(environ, "AZURE_AUTHORITY_HOST")
	return servedTenant{settings.WithVariables(environ, map[string]string{"LOCAL_AUTHORITY": authority}), false}
}

// runForClients runs a tenant until the test ends and returns the environment of its
// COMMAND.
func runForClients(t *testing.T, argv, environ []string) []string {
	t.Helper()
	written := filepath.Join(t.TempDir(), "environment")
	argv = append(argv, "--", "sh", "-c", `env >"$0" && echo ready && cat`, written)
	var stderr bytes.Buffer
	cmd := exec.Command("m2m", argv...)
	cmd.Env = append(environ, "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir(), "GORACE=atexit_sleep_ms=10")
	cmd.Stderr = &stderr
	stdin, errIn := cmd.StdinPipe()
	stdout, errOut := cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // the end of cat, and of the rest
		if err := cmd.Wait(); err != nil {
			t.Errorf("m2m serve: %v\n%s", err, stderr.Bytes())
		}
	})
	if _, err := io.ReadFull(stdout, make([]byte, len("ready\n"))); err != nil {
		t.Fatalf("m2m serve does not start: %v\n%s", err, stderr.Bytes())
	}
	text, err := os.ReadFile(written)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}
