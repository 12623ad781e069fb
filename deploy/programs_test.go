// Package deploy_test runs the configurations of this folder with the programs
// that they are for.
package deploy_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// m2m is the binary that all tests share.
var m2m string

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("other people's programs are too slow for the fast lane")
		return
	}
	folder, err := os.MkdirTemp("", "m2m-deploy")
	if err != nil {
		panic(err)
	}
	m2m = filepath.Join(folder, "m2m")
	if out, err := exec.Command("go", "build", "-o", m2m, "../cmd/m2m").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v\n%s", err, out))
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// program is another process, and what it wrote.
type program struct {
	*exec.Cmd
	mu    sync.Mutex
	lines []string
	ended chan struct{}
}

// run looks for a program and starts it in a folder of its own.
func run(t *testing.T, env []string, argv ...string) *program {
	t.Helper()
	path, err := exec.LookPath(argv[0])
	if err != nil {
		t.Skipf("SKIP: %s is not installed", argv[0])
	}
	p := &program{Cmd: exec.Command(path, argv[1:]...), ended: make(chan struct{})}
	p.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	p.Dir = t.TempDir()
	p.start(t)
	return p
}

// start starts a program that is ended with its test.
func (p *program) start(t *testing.T) {
	t.Helper()
	out, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read(bufio.NewScanner(out))
	t.Cleanup(func() {
		_ = p.Process.Signal(syscall.SIGTERM)
		<-p.ended
		_ = p.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", p.Path, p.text())
		}
	})
}

func (p *program) read(out *bufio.Scanner) {
	defer close(p.ended)
	for out.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, out.Text())
		p.mu.Unlock()
	}
}

func (p *program) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// wait returns the first match of e in what the program wrote.
func (p *program) wait(t *testing.T, e string) []string {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
		if found := regexp.MustCompile(e).FindStringSubmatch(p.text()); found != nil {
			return found
		}
		select {
		case <-p.ended:
			t.Fatalf("%s ended without %q:\n%s", p.Path, e, p.text())
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("%s did not write %q:\n%s", p.Path, e, p.text())
	return nil
}

// house is a tenant and a gate of ours.
type house struct {
	gate *program
	addr string
	env  []string // finds the tenant, for `m2m token --local`
}

func newHouse(t *testing.T) house {
	t.Helper()
	env := []string{"M2M_STATE_DIR=" + t.TempDir()}
	gate := run(t, env, m2m, "serve", "--local", "--addr", "127.0.0.1:0", "--tenant-addr", "127.0.0.1:0")
	addr := gate.wait(t, `http://(127\.0\.0\.1:\d+)/secure-data`)[1]
	gate.wait(t, `Ctrl-C stops it`)
	return house{gate, addr, env}
}

// settings are those of a client, by the names of the environment.
func (h house) settings(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(strings.TrimPrefix(h.env[0], "M2M_STATE_DIR="), "local", file))
	if err != nil {
		t.Fatal(err)
	}
	var settings []string
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(name, "#") {
			settings = append(settings, name+"="+strings.Trim(value, `"'`))
		}
	}
	return settings
}

// token asks the tenant for a token of the client in file.
func (h house) token(t *testing.T, file string) string {
	t.Helper()
	return output(t, append(h.settings(t, file), "HOME="+t.TempDir()), "token", "--no-cache")
}

// mint asks it for any token.
func (h house) mint(t *testing.T, flags ...string) string {
	t.Helper()
	return output(t, append(slices.Clone(h.env), "HOME="+t.TempDir()), append([]string{"tenant", "mint"}, flags...)...)
}

// output is what a command of ours prints.
func output(t *testing.T, env []string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(m2m, argv...)
	cmd.Env = env
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("m2m %s: %v\n%s", argv[0], err, &problem)
	}
	return strings.TrimSpace(string(out))
}

// application answers with the headers and trailers that it got, one a line.
func application(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the trailers come after it
		var lines []string
		for name, values := range r.Header {
			lines = append(lines, fmt.Sprintf("%s: %q\n", name, values))
		}
		for name, values := range r.Trailer {
			if values != nil { // it came, and was not only announced
				lines = append(lines, fmt.Sprintf("trailer %s: %q\n", name, values))
			}
		}
		slices.Sort(lines)
		fmt.Fprint(w, strings.Join(lines, ""))
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// freeAddress is one that nobody listened on a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// configured copies a configuration and changes its addresses, each of which
// must be in it.
func configured(t *testing.T, file string, addresses map[string]string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range addresses {
		if !bytes.Contains(text, []byte(from)) {
			t.Fatalf("%s does not name %s", file, from)
		}
		text = bytes.ReplaceAll(text, []byte(from), []byte(to))
	}
	copied := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(copied, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

// answers waits until somebody answers at an address.
func answers(t *testing.T, p *program, address string) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
		if response, err := http.Get("http://" + address + "/"); err == nil {
			_ = response.Body.Close()
			return
		}
		select {
		case <-p.ended:
			t.Fatalf("%s ended:\n%s", p.Path, p.text())
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("nobody answers at %s:\n%s", address, p.text())
}
