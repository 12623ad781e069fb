package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/exit"
)

// put makes a file and the folders above it.
func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// tree lists the files and folders below a folder.
func tree(t *testing.T, folder string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if name, _ := filepath.Rel(folder, path); name != "." {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func claimed(t *testing.T, dir string) *State {
	t.Helper()
	state := NewState(dir)
	if err := state.Claim(); err != nil {
		t.Fatal(err)
	}
	return state
}

func TestClaim(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := filepath.Join(t.TempDir(), "state")
	state := claimed(t, dir)
	if err := NewState(dir).Claim(); !errors.Is(err, errRunning) {
		t.Errorf("second claim: error %v, want errRunning", err)
	}
	if err := errors.Join(state.Release(), state.Release()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the state directory is still there (error %v)", err)
	}
	if err := state.Claim(); err == nil {
		t.Error("claimed a folder that was released")
	}
	if err := NewState("").Claim(); err == nil {
		t.Error("claimed a folder without a state directory")
	}
}

// TestClaimKeepsWhatIsNotOurs: a folder of somebody else's is refused, and nothing
// in it changes.
func TestClaimKeepsWhatIsNotOurs(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	elsewhere := t.TempDir()
	put(t, filepath.Join(elsewhere, "client.env"), "theirs")
	cases := map[string]struct {
		make func(folder string) error
		want []string
	}{
		"files": {func(folder string) error { put(t, filepath.Join(folder, "notes.txt"), "mine"); return nil },
			[]string{"local", "local/notes.txt"}},
		"files with the names of ours": {func(folder string) error { put(t, filepath.Join(folder, "client.env"), "mine"); return nil },
			[]string{"local", "local/client.env"}},
		"a folder": {func(folder string) error { return os.MkdirAll(filepath.Join(folder, "cache"), 0o700) },
			[]string{"local", "local/cache"}},
		"a file in its place": {func(folder string) error { put(t, folder, "mine"); return nil }, []string{"local"}},
		"a link":              {func(folder string) error { return os.Symlink(elsewhere, folder) }, []string{"local"}},
		"a dangling link":     {func(folder string) error { return os.Symlink("/nonexistent/m2m", folder) }, []string{"local"}},
		"a link as marker": {func(folder string) error {
			return errors.Join(os.Mkdir(folder, 0o700), os.Symlink(filepath.Join(elsewhere, "made"), filepath.Join(folder, markerFile)))
		}, []string{"local", "local/" + markerFile}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.make(filepath.Join(dir, folderName)); err != nil {
				t.Fatal(err)
			}
			err := NewState(dir).Claim()
			refused := (*exit.Error)(nil)
			foreign := (*foreignError)(nil)
			if !errors.As(err, &refused) || !errors.As(err, &foreign) || refused.ExitCode() != exit.Usage {
				t.Errorf("claimed, or another error: %v", err)
			}
			if diff := cmp.Diff(c.want, tree(t, dir)); diff != "" {
				t.Errorf("the state directory (-want +got):\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff([]string{"client.env"}, tree(t, elsewhere)); diff != "" {
		t.Errorf("where the links lead (-want +got):\n%s", diff)
	}
}

// TestRemains: what a killed tenant left opens nothing and goes at the next start;
// what others put next to it stays, at the start and at the end.
func TestRemains(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := t.TempDir()
	ours := []string{markerFile, "client.env", "client-e11eefb9-fb70-4de4-9a7c-3a3592fdd502.env", "ca.pem", "control.json", ".ca.pem.partff"}
	for _, name := range append(slices.Clone(ours), "notes.txt", "client-me.env", "cache/tokens/notes.txt") {
		put(t, filepath.Join(dir, folderName, name), "x")
	}
	if _, err := readRunning(dir, ClientFile); !errors.Is(err, ErrNotRunning) {
		t.Errorf("read what a killed tenant left: error %v, want ErrNotRunning", err)
	}
	state := claimed(t, dir)
	want := []string{markerFile, "cache", "cache/tokens", "cache/tokens/notes.txt", "client-me.env", "notes.txt"}
	if diff := cmp.Diff(want, tree(t, state.Folder())); diff != "" {
		t.Errorf("claimed (-want +got):\n%s", diff)
	}
	if err := errors.Join(state.write(CAFile, nil), state.Release()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, tree(t, state.Folder())); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	if err := claimed(t, dir).Release(); err != nil {
		t.Errorf("claiming the folder again: %v", err)
	}
}

// TestSweep: the temporary folder of a killed tenant goes at the next start, those
// of running tenants and of others stay.
func TestSweep(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	put(t, filepath.Join(temp, "m2m-local-1", markerFile), "")
	put(t, filepath.Join(temp, "m2m-local-1", "roots.pem"), "")
	put(t, filepath.Join(temp, "m2m-local-1", "bin", programName()), "")
	put(t, filepath.Join(temp, "m2m-local-theirs", "roots.pem"), "")
	running := NewTemporary()
	if err := running.Claim(); err != nil {
		t.Fatal(err)
	}
	state := claimed(t, t.TempDir())
	defer func() { _ = state.Release() }()
	name := filepath.Base(running.Folder())
	want := []string{name, name + "/" + markerFile, name + "/cache", "m2m-local-theirs", "m2m-local-theirs/roots.pem"}
	slices.Sort(want)
	if diff := cmp.Diff(want, tree(t, temp)); diff != "" {
		t.Errorf("the folder of temporary files (-want +got):\n%s", diff)
	}
	if err := running.Release(); err != nil {
		t.Error(err)
	}
}

// TestWriteSettings: what a running tenant writes is found while it runs, and not
// afterwards. A link is replaced, not written through.
func TestWriteSettings(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "theirs")
	put(t, other, "theirs")
	state := claimed(t, dir)
	if err := os.Symlink(other, state.Path(ClientFile)); err != nil {
		t.Fatal(err)
	}
	if err := state.writeSettings(ClientFile, map[string]string{"B": "/home/o'brien", "A": "1"}); err != nil {
		t.Fatal(err)
	}
	text, err := readRunning(dir, ClientFile)
	if want := "A='1'\nB=\"/home/o'brien\"\n"; err != nil || string(text) != want {
		t.Errorf("read %q (error %v), want %q", text, err, want)
	}
	if content, err := os.ReadFile(other); err != nil || string(content) != "theirs" {
		t.Errorf("the file behind the link holds %q (error %v)", content, err)
	}
	if err := state.Release(); err != nil {
		t.Fatal(err)
	}
	if _, err := readRunning(dir, ClientFile); !errors.Is(err, ErrNotRunning) {
		t.Errorf("after the end: error %v, want ErrNotRunning", err)
	}
	if err := state.writeSettings(ClientFile, nil); !errors.Is(err, errReleased) {
		t.Errorf("written after the end: error %v", err)
	}
}
