package token_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"m2m/internal/token"
	"m2m/internal/token/cache"
)

// hold takes the lock of the only entry, as another process would.
func hold(t *testing.T, dir string) (release func()) {
	t.Helper()
	locks := files(t, dir, ".lock")
	if len(locks) != 1 {
		t.Fatalf("%d locks, want 1", len(locks))
	}
	lock := flock.New(locks[0])
	if ok, err := lock.TryLock(); !ok || err != nil {
		t.Fatalf("lock: %v %v", ok, err)
	}
	return func() { _ = lock.Unlock() }
}

// TestStaleLock: a process that hangs with the lock holds nobody up for good.
func TestStaleLock(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	defer hold(t, dir)()
	c, r := s.client(dir), s.request()
	c.Cache.LockWait = 30 * time.Millisecond
	r.Refresh = true
	mustAcquire(t, c, r, token.SourceIDP)
}

// TestFaultsOfTheCacheAreMisses damages the one file, or its surroundings.
func TestFaultsOfTheCacheAreMisses(t *testing.T) {
	tests := map[string]func(t *testing.T, dir, file, lock string) error{
		"empty": func(_ *testing.T, _, file, _ string) error { return os.WriteFile(file, nil, 0o600) },
		"garbage": func(_ *testing.T, _, file, _ string) error {
			return os.WriteFile(file, []byte(strings.Repeat("x", 300)), 0o600)
		},
		"huge":           func(_ *testing.T, _, file, _ string) error { return os.Truncate(file, 1<<30) },
		"truncated":      func(_ *testing.T, _, file, _ string) error { return os.Truncate(file, 40) },
		"one bit":        flipBit,
		"another's file": swap,
		"folder": func(_ *testing.T, _, file, _ string) error {
			return errors.Join(os.Remove(file), os.Mkdir(file, 0o700))
		},
		"symbolic link": func(t *testing.T, _, file, _ string) error {
			return errors.Join(os.Remove(file), os.Symlink(writeFile(t, "x", "x"), file))
		},
		"pipe": func(_ *testing.T, _, file, _ string) error { return errors.Join(os.Remove(file), makePipe(file)) },
		"lock is a folder": func(_ *testing.T, _, file, lock string) error {
			return errors.Join(os.Remove(file), os.Remove(lock), os.Mkdir(lock, 0o700))
		},
		"lock is a pipe": func(_ *testing.T, _, file, lock string) error {
			return errors.Join(os.Remove(file), os.Remove(lock), makePipe(lock))
		},
		"lock is a link": func(_ *testing.T, _, file, lock string) error {
			return errors.Join(os.Remove(file), os.Remove(lock), os.Symlink("/etc/nowhere/x", lock))
		},
		"key is gone":    inKey(os.Remove),
		"key is cut":     inKey(func(key string) error { return os.Truncate(key, 31) }),
		"key is another": inKey(func(key string) error { return os.WriteFile(key, make([]byte, 32), 0o600) }),
		"key is open":    inKey(func(key string) error { return os.Chmod(key, 0o644) }),
		"key is a link": inKey(func(key string) error {
			return errors.Join(os.Rename(key, key+"2"), os.Symlink(key+"2", key))
		}),
		"no access": func(_ *testing.T, dir, _, _ string) error { return os.Chmod(filepath.Join(dir, "tokens"), 0) },
		"folder is a file": func(_ *testing.T, dir, _, _ string) error {
			return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600))
		},
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			s, dir := newStandIn(t), filepath.Join(t.TempDir(), "m2m")
			mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
			if err := damage(t, dir, files(t, dir, ".token")[0], files(t, dir, ".lock")[0]); err != nil {
				t.Skip(err)
			}
			t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "tokens"), 0o700) })
			got, err := s.client(dir).Acquire(t.Context(), s.request())
			if err != nil || got.Access.IsZero() {
				t.Fatalf("no token: %v", err)
			}
			if name != "no access" && got.Source != token.SourceIDP { // root reads everything
				t.Error("a damaged file was used")
			}
		})
	}
}

// inKey damages the folder's key.
func inKey(damage func(key string) error) func(t *testing.T, dir, file, lock string) error {
	return func(_ *testing.T, dir, _, _ string) error { return damage(filepath.Join(dir, "tokens", "key")) }
}

func flipBit(_ *testing.T, _, file, _ string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	data[len(data)/2] ^= 1
	return os.WriteFile(file, data, 0o600)
}

// swap puts the file under the name of another credential's.
func swap(t *testing.T, dir, file, _ string) error {
	s := newStandIn(t)
	other := s.request()
	other.Scope = "api://other/.default"
	mustAcquire(t, s.client(dir), other, token.SourceIDP)
	for _, f := range files(t, dir, ".token") {
		if f != file {
			return os.Rename(f, file)
		}
	}
	return fmt.Errorf("no second file")
}

func TestOpenFolderIsClosed(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	folder := filepath.Join(dir, "tokens")
	if err := errors.Join(os.Mkdir(folder, 0o755), os.Chmod(folder, 0o755)); err != nil {
		t.Fatal(err)
	}
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v; want 0700", info.Mode(), err)
	}
}

func TestForeignFolderIsNotUsed(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	folder := filepath.Join(dir, "tokens")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(folder, 65534, 65534); err != nil {
		t.Skip("needs root: " + err.Error())
	}
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	if left, _ := os.ReadDir(folder); len(left) != 0 {
		t.Error("the folder of another user was used")
	}
}

func TestClearRemovesTheCachesOwnFiles(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	if n, err := (&cache.Store{Dir: dir}).Clear(); n != 0 || err != nil {
		t.Errorf("an absent cache: %d, %v", n, err)
	}
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	r := s.request()
	r.Scope = "api://other/.default"
	mustAcquire(t, s.client(dir), r, token.SourceIDP)
	foreign := filepath.Join(dir, "tokens", "notes.token")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := (&cache.Store{Dir: dir}).Clear(); n != 2 || err != nil {
		t.Errorf("cleared %d, %v; want 2", n, err)
	}
	left, _ := os.ReadDir(filepath.Join(dir, "tokens"))
	if len(left) != 1 || left[0].Name() != "notes.token" {
		t.Errorf("left %v, want only the file that is not the cache's", left)
	}
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
}

func TestOldFilesAreSweptAway(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	r := s.request()
	r.Scope = "api://other/.default"
	mustAcquire(t, s.client(dir), r, token.SourceIDP)
	digest := strings.TrimSuffix(filepath.Base(files(t, dir, ".token")[0]), ".token")
	if err := os.WriteFile(filepath.Join(dir, "tokens", "."+digest+".token.part1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := s.client(dir)
	c.Now = after(-time.Hour) // the client's clock is not what files are dated by
	mustAcquire(t, c, s.request(), token.SourceIDP)
	if n := len(files(t, dir, "")); n != 6 {
		t.Errorf("%d files, want 6: nothing is old", n)
	}
	old := time.Now().Add(-31 * time.Hour)
	foreign := filepath.Join(dir, "tokens", "notes.token")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range files(t, dir, "") {
		if err := os.Chtimes(f, old, old); err != nil {
			t.Fatal(err)
		}
	}
	r.Scope = "api://third/.default"
	mustAcquire(t, s.client(dir), r, token.SourceIDP)
	if left := files(t, dir, ""); len(left) != 4 || !slices.Contains(left, foreign) {
		t.Errorf("left %v, want the key, the new token, its lock and the file that is not the cache's", left)
	}
}
