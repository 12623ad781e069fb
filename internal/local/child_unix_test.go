//go:build unix

package local

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"m2m/internal/exit"
)

func TestCommand(t *testing.T) {
	noSignals := func(context.Context) (<-chan os.Signal, error) { return nil, nil }
	for script, want := range map[string]exit.Code{"exit 0": 0, "exit 7": 7, "kill -TERM $$": 143} {
		c := Command{Argv: []string{"sh", "-c", script}, Environ: []string{"PATH=" + os.Getenv("PATH")}, Signals: noSignals}
		if code, err := c.Run(t.Context()); code != want || err != nil {
			t.Errorf("%s: exit code %d (error %v), want %d", script, code, err, want)
		}
	}
	absent := Command{Argv: []string{"sh"}, Environ: []string{"PATH=" + t.TempDir()}, Signals: noSignals}
	if code, err := absent.Run(t.Context()); code != exit.Usage || !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("not on the PATH: exit code %d, error %v", code, err)
	}
	stopped := Command{Argv: []string{"sh", "-c", "echo ran"}, Environ: []string{"PATH=" + os.Getenv("PATH")}}
	var out strings.Builder
	stopped.Stdout = &out
	stopped.Signals = func(context.Context) (<-chan os.Signal, error) { return nil, context.Canceled }
	if code, err := stopped.Run(t.Context()); code != exit.Interrupted || !errors.Is(err, context.Canceled) ||
		out.Len() > 0 {
		t.Errorf("after a signal: exit code %d, error %v, output %q", code, err, out.String())
	}
}
