package explain_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/exit"
	"m2m/internal/explain"
)

func TestHintsOfATree(t *testing.T) {
	inner := exit.Usagef("inner").Hint("c")
	err := exit.Errorf(exit.Unknown, "outer").Hint("a",
		"b").Wrap(errors.Join(errors.New("no hints"), inner, exit.EmptyFlag("tenant")))
	want := append([]string{"a", "b", "c"}, exit.EmptyFlag("tenant").Hints()...)
	if diff := cmp.Diff(want, explain.CommandLine.Hints(err)); diff != "" {
		t.Errorf("hints (-want +got):\n%s", diff)
	}
}
