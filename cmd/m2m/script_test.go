package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"m2m/internal/cli"
)

// transcriptsVariable names the folder in which every m2m of the scripts keeps a
// copy of what it writes to stderr.
const transcriptsVariable = "M2M_TEST_TRANSCRIPTS"

// TestMain lets the scripts run this test binary as m2m.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"m2m":         func() { os.Exit(int(cli.Main(recorded(), commands))) },
		"standin":     standin,
		"otherapi":    otherAPI,
		"barrier":     barrier,
		"brokenapi":   brokenAPI,
		"tenant":      runTenant,
		"parentproxy": parentProxy,
		"ask":         ask,
	})
}

// recorded is the real process, with a copy of its stderr kept for
// assertNothingLeaked.
func recorded() *cli.Env {
	env := cli.Process()
	dir := os.Getenv(transcriptsVariable)
	if dir == "" {
		return env
	}
	if f, err := os.CreateTemp(dir, "stderr-"); err == nil {
		env.Stderr = io.MultiWriter(env.Stderr, f)
	}
	return env
}

// TestScripts runs the scripts, which are the manual of what a user sees:
// streams, exit codes, messages. Then it looks through everything that any of
// them wrote to stderr for a token or a secret.
func TestScripts(t *testing.T) {
	logs := t.TempDir()
	t.Run("script", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Dir:                 "testdata/script",
			RequireExplicitExec: true,
			RequireUniqueNames:  true,
			UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
			Condition: func(name string) (bool, error) {
				if name != "race" {
					return false, fmt.Errorf("unknown condition %s", name)
				}
				return hasRaceDetector, nil
			},
			Setup: func(env *testscript.Env) error { return emptyEnvironment(env, logs) },
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"exits":     exits,
				"refused":   refused,
				"unmet":     unmet,
				"suggested": suggested,
				"kubeexec":  kubeexec,
				"waitfile":  waitFile,
				"setenv":    setEnvironment,
				"filesize":  fileSize,
				"mint":      mintFile,
			},
		})
	})
	assertNothingLeaked(t, logs)
}

// emptyEnvironment gives a script nothing but a PATH, a home and a folder for
// temporary files of its own: what a test finds on the machine must not decide
// what it sees.
func emptyEnvironment(env *testscript.Env, logs string) error {
	path := env.Getenv("PATH")
	example, err := filepath.Abs("../../.env.example")
	certificates, certificatesErr := filepath.Abs("../../internal/token/testdata")
	home, temp := filepath.Join(env.WorkDir, "home"), filepath.Join(env.WorkDir, "tmp")
	env.Vars = []string{
		"PATH=" + path,
		"HOME=" + home,
		"TMPDIR=" + temp,
		"WORK=" + env.WorkDir,
		"GORACE=atexit_sleep_ms=10", // else each process sleeps for a second at its end
		transcriptsVariable + "=" + logs,
		"ENV_EXAMPLE=" + example, // the file that users copy
		certificatesVariable + "=" + certificates,
	}
	return errors.Join(err, certificatesErr, os.Mkdir(home, 0o700), os.MkdirAll(temp, 0o700))
}

var (
	compactJWS   = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{100,}`)
	clientSecret = regexp.MustCompile(`[A-Za-z0-9_.~-]{3}8Q~[A-Za-z0-9_.~-]{30,}`)
	// maskLine is what --mask prints on purpose: a line of this form and no other
	// may hold a token.
	maskLine = regexp.MustCompile(
		`(?m)^(?:::add-mask::|##vso\[task\.setsecret\])[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\n`)
)

// assertNothingLeaked looks for tokens and secrets in everything that was
// written to stderr.
func assertNothingLeaked(t *testing.T, logs string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(logs, "stderr-*"))
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d transcripts (error %v); the scripts write far more", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		data = maskLine.ReplaceAll(data, nil)
		for name, pattern := range map[string]*regexp.Regexp{"token": compactJWS, "client secret": clientSecret} {
			if found := pattern.FindIndex(data); found != nil {
				start := max(found[0]-200, 0)
				t.Errorf("a %s in a log, after: %q", name, data[start:found[0]])
			}
		}
	}
}

// exits N COMMAND... runs a command and wants that exit code; testscript itself
// knows only success and failure. The streams are as after exec.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		ended := (*exec.ExitError)(nil)
		if !errors.As(err, &ended) {
			ts.Fatalf("%v", err)
		}
		got = ended.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, expected %d", got, want)
	}
}

// waitfile FILE waits until a program in the background has made a file; with !
// until it is gone.
func waitFile(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] waitfile FILE")
	}
	path := ts.MkAbs(args[0])
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(path); (err == nil) != neg {
			return
		}
	}
	ts.Fatalf("waited a minute for %s", path)
}

// setenv FILE puts the NAME=value lines of a file into the environment of the
// commands that follow, as `set -a; . FILE` does in a shell.
func setEnvironment(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: setenv FILE")
	}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			ts.Setenv(name, strings.Trim(value, `'"`))
		}
	}
}

// filesize FILE BYTES makes a file of that many bytes.
func fileSize(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: filesize FILE BYTES")
	}
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Repeat("A", size)), 0o600))
}
