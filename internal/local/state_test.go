package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestClaim(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	left := filepath.Join(dir, folderName, "client-of-a-killed-tenant.env")
	if err := os.MkdirAll(filepath.Dir(left), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readRunning(dir, filepath.Base(left)); !errors.Is(err, errNotRunning) {
		t.Errorf("read what a killed tenant left: error %v, want errNotRunning", err)
	}
	state, err := Claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file of a killed tenant is still there (error %v)", err)
	}
	if _, err := Claim(dir); !errors.Is(err, errRunning) {
		t.Errorf("second claim: error %v, want errRunning", err)
	}
	if err := state.Release(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state directory is still there (error %v)", err)
	}
	if _, err := Claim(""); err == nil {
		t.Error("claimed a folder without a state directory")
	}
}

// TestWriteSettings: what a running tenant writes is found while it runs, and not
// afterwards.
func TestWriteSettings(t *testing.T) {
	dir := t.TempDir()
	state, err := Claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := state.writeSettings(ClientFile, map[string]string{"B": "/home/o'brien", "A": "1"}); err != nil {
		t.Fatal(err)
	}
	text, err := readRunning(dir, ClientFile)
	if want := "A='1'\nB=\"/home/o'brien\"\n"; err != nil || string(text) != want {
		t.Errorf("read %q (error %v), want %q", text, err, want)
	}
	if err := state.Release(); err != nil {
		t.Fatal(err)
	}
	if _, err := readRunning(dir, ClientFile); !errors.Is(err, errNotRunning) {
		t.Errorf("after the end: error %v, want errNotRunning", err)
	}
}
