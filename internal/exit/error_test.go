package exit

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

func TestError(t *testing.T) {
	err := error(Usagef("%s cannot be read", "a.txt").Hint("one", "two").Hintf("%d", 3).Addf("line %d",
		2).Wrap(fs.ErrNotExist))
	if got, want := err.Error(), "a.txt cannot be read\nline 2"; got != want {
		t.Errorf("reason %q, want %q", got, want)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("the cause is not found")
	}
	var coder Coder
	if !errors.As(errors.Join(errors.New("other"), err), &coder) || coder.ExitCode() != Usage {
		t.Errorf("no exit code, or another: %v", coder)
	}
	if got := (SignalError{os.Interrupt}).ExitCode(); got != Interrupted {
		t.Errorf("exit code after a signal %d, want %d", got, Interrupted)
	}
}

func TestRootCause(t *testing.T) {
	if got := RootCause(Usagef("outer").Wrap(fs.ErrExist)); got != fs.ErrExist {
		t.Errorf("root cause %v", got)
	}
}
