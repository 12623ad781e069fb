package token_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"m2m/internal/token"
)

// TestFullDisk mounts a disk of 64 KiB and fills it, which only root may; it
// runs with M2M_TEST_HEAVY=1.
func TestFullDisk(t *testing.T) {
	if heavy(0, 1) == 0 {
		t.Skip("mounts a file system: set M2M_TEST_HEAVY=1 to run it")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("needs root: " + err.Error())
	}
	defer func() { _ = syscall.Unmount(dir, 0) }()
	s := newStandIn(t)
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	_ = os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 128<<10), 0o600) // until it is full
	mustAcquire(t, s.client(dir), s.request(), token.SourceCache)
	r := s.request()
	r.Refresh = true
	mustAcquire(t, s.client(dir), r, token.SourceIDP)
	r.Scope, r.Refresh = "api://other/.default", false
	mustAcquire(t, s.client(dir), r, token.SourceIDP)
	mustAcquire(t, s.client(dir), r, token.SourceIDP)
}
