package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// suiteOnTerminal starts m2m test on a terminal of its own.
func suiteOnTerminal(t *testing.T, handler http.HandlerFunc, suite string, args ...string) *signalled {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "smoke.yaml")
	if err := os.WriteFile(path, []byte(suite), 0o600); err != nil {
		t.Fatal(err)
	}
	s := prepareSignalled(t, "")
	s.Args = append([]string{"m2m", "test", path}, args...)
	s.Env = append(s.Env, "API_URL="+server.URL, "TERM=xterm")
	s.openTerminal(t)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

const terminalSuite = `
defaults: {as: none}
requests:
- {name: first, url: /}
- {name: second, url: /missing}
- {name: third, url: /}
`

// TestSuiteOnTerminal: a line that is written over while requests are under way,
// bars next to the times, colour.
func TestSuiteOnTerminal(t *testing.T) {
	s := suiteOnTerminal(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			w.WriteHeader(http.StatusNotFound)
		}
	}, terminalSuite)
	screen := s.screen(t)
	if code := s.ProcessState.ExitCode(); code != 6 {
		t.Errorf("exit code %d, want 6", code)
	}
	for what, pattern := range map[string]string{
		"the line while one is under way": `\r0 of 3 done: first\x1b\[K`,
		"the line with a failure":         `\r2 of 3 done, 1 not passed: third\x1b\[K`,
		"the failure, at once":            `\r\x1b\[Km2m: FAILED   second: expected a 2xx status, got 404 Not Found\n`,
		"the line taken away":             `\r3 of 3 done, 1 not passed\x1b\[K\r\x1b\[K`,
		"the table with colour and bars":  `first +200 +[0-9.]+(ms|µs)  \x1b\[32mpassed \x1b\[0m  \x1b\[2m[█▏▎▍▌▋▊▉]+\x1b`,
		"the summary":                     `3 requests in [0-9.]+(ms|µs): 2 passed, 1 failed\n`,
	} {
		if !regexp.MustCompile(pattern).MatchString(screen) {
			t.Errorf("%s is not there: %q", what, screen)
		}
	}
	if strings.Contains(screen, "m2m: passed") {
		t.Errorf("a line for each request on a terminal: %q", screen)
	}
}

// TestCtrlCOfSuite: the run stops, and the results so far are reported.
func TestCtrlCOfSuite(t *testing.T) {
	held := make(chan struct{})
	s := suiteOnTerminal(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			close(held)
			<-r.Context().Done()
		}
	}, terminalSuite, "--color", "never")
	<-held
	if _, err := s.terminal.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	screen := s.screen(t)
	if code := s.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	for _, pattern := range []string{
		`first +200 +[0-9.]+(ms|µs)  passed`, `second +- +-  skipped`, `third +- +-  skipped`,
		`: 1 passed, 2 skipped\n`, `m2m: stopped by a signal: interrupt\n`,
	} {
		if !regexp.MustCompile(pattern).MatchString(screen) {
			t.Errorf("%s is not there: %q", pattern, screen)
		}
	}
}
