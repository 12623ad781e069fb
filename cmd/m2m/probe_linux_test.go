package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"m2m/internal/cli/verifycmd/minttest"
)

// TestProbeAsks answers the question before another machine is probed, on a
// real terminal.
func TestProbeAsks(t *testing.T) {
	for _, tt := range []struct {
		name, typed string
		code        int
		shown       string
	}{
		{"the host's name", "API.invalid\n", 5, "no answer from https://api.invalid: "},
		{"something else", "yes\n", 2, `that is not "api.invalid"; nothing was sent`},
		{"nothing", "\n", 2, "nothing was sent"},
		{"the end of the input", "\x04", 2, "nothing was sent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := prepareSignalled(t, "")
			token, err := minttest.Token(nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(s.temp, "token")
			if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
				t.Fatal(err)
			}
			s.Args = []string{"m2m", "probe", "--remote", "--timeout", "2s", "--token-file", file,
				"https://api.invalid/stock"}
			s.openTerminal(t)
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := s.terminal.Write([]byte(tt.typed)); err != nil {
				t.Fatal(err)
			}
			shown := s.screen(t)
			if got := s.ProcessState.ExitCode(); got != tt.code || !strings.Contains(shown, tt.shown) {
				t.Errorf("exit code %d, want %d with %q; it showed:\n%s", got, tt.code, tt.shown, shown)
			}
			if !strings.Contains(strings.Join(strings.Fields(shown), " "), "requests to api.invalid, most of them with forged tokens, at most 20 a second") {
				t.Errorf("the question does not say what it is about:\n%s", shown)
			}
		})
	}
}
