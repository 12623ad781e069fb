package wholefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"m2m/internal/wholefile"
)

func write(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path, []byte(content), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

// assertFile fails unless the folder of path holds path alone, with this content and mode.
func assertFile(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != content {
		t.Errorf("it holds %q (%v), want %q", got, err, content)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
		t.Errorf("its mode is %v (%v), want %v", info.Mode(), err, mode)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v (%v), want one file", files, err)
	}
}

func TestKeep(t *testing.T) {
	for name, c := range map[string]struct{ mode, want fs.FileMode }{
		"of the file that is replaced": {0, 0o640},
		"given":                        {0o600, 0o600},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			write(t, path, "old", 0o640)
			f, err := wholefile.Create(path, c.mode)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Drop()
			if _, err := f.Write([]byte("new")); err != nil {
				t.Fatal(err)
			}
			if old, err := os.ReadFile(path); err != nil || string(old) != "old" {
				t.Errorf("before Keep it holds %q (%v)", old, err)
			}
			if err := f.Keep(); err != nil {
				t.Fatal(err)
			}
			assertFile(t, path, "new", c.want)
			if f.Size() != 3 || f.Path() != path || f.IsDevice() {
				t.Errorf("size %d, path %s, device %v", f.Size(), f.Path(), f.IsDevice())
			}
		})
	}
}

func TestDrop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "old", 0o600)
	f, err := wholefile.Create(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write([]byte("new"))
	f.Drop()
	f.Drop()
	assertFile(t, path, "old", 0o600)
	if err != nil {
		t.Fatal(err)
	}
}

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, content := range []string{"first", "second"} {
		if err := wholefile.Replace(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		assertFile(t, path, content, 0o600)
	}
}

func TestRefusedPlaces(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	write(t, target, "old", 0o600)
	link := filepath.Join(dir, "link")
	if err := errors.Join(os.Symlink(target, link), os.Symlink(os.DevNull, filepath.Join(dir, "device"))); err != nil {
		t.Skip(err)
	}
	for path, want := range map[string]error{
		link:                            wholefile.ErrLink,
		filepath.Join(dir, "device"):    wholefile.ErrLink,
		dir:                             wholefile.ErrFolder,
		filepath.Join(dir, "no", "one"): fs.ErrNotExist,
	} {
		if _, err := wholefile.Create(path, 0o600); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	// A link that comes after Create is replaced, not followed.
	path := filepath.Join(dir, "new")
	f, err := wholefile.Create(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink(target, path), f.Keep()); err != nil {
		t.Fatal(err)
	}
	if old, err := os.ReadFile(target); err != nil || string(old) != "old" {
		t.Errorf("the link's target holds %q (%v)", old, err)
	}
}

func TestDevice(t *testing.T) {
	f, err := wholefile.Create(os.DevNull, 0o600)
	if err != nil {
		t.Skip(err)
	}
	if _, err := f.Write([]byte("gone")); err != nil || !f.IsDevice() {
		t.Errorf("%v, a device: %v", err, f.IsDevice())
	}
	if err := f.Keep(); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("the device is now %v (%v)", info.Mode(), err)
	}
}
