package probecmd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"

	"m2m/internal/cli"
	"m2m/internal/cli/clitest"
	"m2m/internal/probe"
)

// TestASignalEndsTheQuestion: Ctrl-C ends the wait for an answer.
func TestASignalEndsTheQuestion(t *testing.T) {
	nobody, typist := io.Pipe()
	defer typist.Close()
	done := make(chan struct{})
	close(done)
	r := &run{session: &cli.Session{Env: &cli.Env{Stdin: nobody, Stderr: io.Discard, Done: done}}}
	if err := r.ask("api.example.com"); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want that of an interrupted command", err)
	}
}

// TestProbeOfAnotherMachineSaysWhatItCannotSee prints a report of an API that
// cannot reach the listener of the probe.
func TestProbeOfAnotherMachineSaysWhatItCannotSee(t *testing.T) {
	for host, want := range map[string]bool{"api.example.com": true, "127.0.0.1:8000": false, "localhost": false,
		"[::1]:8000": false} {
		var out bytes.Buffer
		textReport{Page: cli.Page{Writer: &out}}.report(probe.Config{Target: &url.URL{Scheme: "https", Host: host}}, &probe.Report{}, nil)
		if got := strings.Contains(out.String(), "\nnot seen   whether the API fetches what a token names: "); got != want {
			t.Errorf("%s: said %v, want %v:\n%s", host, got, want, out.String())
		}
	}
}

func TestJSONPage(t *testing.T) {
	clitest.CheckJSONPage(t, "## m2m probe", document{})
}
