package input_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"m2m/internal/input"
)

func TestRead(t *testing.T) {
	for text, want := range map[string]error{"": nil, "abc": nil, "abcd": input.ErrTooLarge} {
		got, err := input.Read(strings.NewReader(text), 3)
		if string(got) != text[:min(3, len(text))] || !errors.Is(err, want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	failed := errors.New("failed")
	if _, err := input.Read(iotest.ErrReader(failed), 3); !errors.Is(err, failed) {
		t.Errorf("the reader's error becomes %v", err)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if _, err := input.File(path, 3); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), path) {
		t.Errorf("an absent file: %v", err)
	}
	if err := os.WriteFile(path, []byte("abcd"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := input.File(path, 4); err != nil || string(got) != "abcd" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := input.File(path, 3); !errors.Is(err, input.ErrTooLarge) || string(got) != "abc" {
		t.Errorf("%q, %v", got, err)
	}
}
