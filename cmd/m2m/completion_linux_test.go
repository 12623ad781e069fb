package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const bashCompletion = "/usr/share/bash-completion/bash_completion"

// TestCompletionInBash presses TAB in bash, on a real terminal, with the package that
// distributions install: values, also those with a colon, and files where one is meant.
func TestCompletionInBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	if _, err := os.Stat(bashCompletion); err != nil {
		t.Skip("no bash-completion here")
	}
	for _, tt := range []struct{ name, typed, shown string }{
		{"one format", "m2m token -o exec\t", "m2m token -o exec-credential "},
		{"two clouds", "m2m token --cloud \t\t", "china"},
		{"a fault", "m2m tenant fault token:slo\t", "m2m tenant fault token:slow "},
		{"a code", "m2m help AADSTS700021\t\t", "AADSTS7000215"},
		{"a case", "m2m probe --only alg-none-cap\t", "m2m probe --only alg-none-capital "},
		{"a file", "m2m token --client-secret-file sec\t", "m2m token --client-secret-file secret.txt "},
		{"no file", "m2m call sec\t\t", "m2m call sec"},
		{"a file behind @", "m2m verify @sec\t", "m2m verify @secret.txt "},
		{"a command", "m2m tenant fau\t", "m2m tenant fault "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := prepareSignalled(t, "")
			program := s.Path
			folder := s.temp
			link := filepath.Join(folder, "bin")
			rc := "PATH=" + link + ":$PATH; PS1='$ '; bind 'set bell-style none'; . " + bashCompletion + "; . <(m2m completion bash)\n" +
				"stty -icanon -isig; : >$READY\n" // what is typed from now on reaches readline as it is
			for _, err := range []error{
				os.Mkdir(link, 0o700), os.Symlink(program, filepath.Join(link, "m2m")),
				os.WriteFile(filepath.Join(folder, "rc"), []byte(rc), 0o600),
				os.WriteFile(filepath.Join(folder, "secret.txt"), nil, 0o600),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			s.Path, s.Args, s.Dir = bash, []string{"bash", "--rcfile", filepath.Join(folder, "rc"), "-i"}, folder
			s.Env = append(s.Env, "TERM=dumb")
			s.openTerminal(t)
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
			s.waitReady(t)
			// Ctrl-U clears the line, so that nothing is run; then the shell ends.
			if _, err := s.terminal.Write([]byte(tt.typed + "\x15exit\n")); err != nil {
				t.Fatal(err)
			}
			shown := s.screen(t)
			if !strings.Contains(shown, tt.shown) || tt.name == "no file" && strings.Contains(shown, "secret.txt") {
				t.Errorf("%q showed:\n%s", tt.typed, shown)
			}
		})
	}
}
