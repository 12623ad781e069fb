package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"m2m/internal/exit"
	"m2m/internal/input"
	"m2m/internal/wholefile"
)

// What a running `m2m serve --local` leaves in the user's state directory, where
// --local finds it. The lock is held as long as the tenant runs, and the operating
// system releases it however the process ends: it tells a running tenant from the
// files of one that was killed.
const (
	folderName  = "local"
	lockFile    = "local.lock"
	ClientFile  = "client.env"              // of the client that --local means
	noRoleFile  = "client-without-role.env" // of the one that the API rejects, for --env-file
	CAFile      = "ca.pem"
	ControlFile = "control.json" // a control.Access
	rootsFile   = "roots.pem"    // the system's roots and ours, for programs under --intercept
	cacheFolder = "cache"
)

// maxSettings bounds each file that is read, in bytes.
const maxSettings = 64 << 10

var (
	errNotRunning = errors.New("no local tenant is running")
	errRunning    = errors.New("a local tenant is already running")
)

// State is the folder with the files of one running tenant, and the lock that keeps
// it for that tenant. Make one with Claim.
type State struct {
	Folder string
	lock   *flock.Flock
}

// Claim makes the folder for a tenant that is about to run, in the user's state
// directory. Its errors are exit.Errors.
func Claim(stateDir string) (*State, error) {
	s, err := claim(stateDir)
	switch {
	case errors.Is(err, errRunning):
		return nil, exit.Usagef("a local tenant is already running on this machine").
			Hint("use it with --local, or stop it first", "for a second one beside it, set M2M_STATE_DIR to another folder").
			Wrap(err)
	case err != nil:
		return nil, exit.Usagef("%v", err).Hint("set M2M_STATE_DIR to a folder that can be written").Wrap(err)
	}
	return s, nil
}

func claim(stateDir string) (*State, error) {
	if stateDir == "" {
		return nil, errors.New("there is no state directory, because HOME is not set")
	}
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return nil, fmt.Errorf("the state directory cannot be made: %w", err)
	}
	lock, err := lockCurrent(filepath.Join(stateDir, lockFile))
	if err != nil {
		return nil, err
	}
	s := &State{filepath.Join(stateDir, folderName), lock}
	if err := os.RemoveAll(s.Folder); err != nil { // of a tenant that was killed
		return nil, errors.Join(err, s.Release())
	}
	if err := os.MkdirAll(s.Path(cacheFolder), 0o700); err != nil {
		return nil, errors.Join(err, s.Release())
	}
	return s, nil
}

// lockCurrent locks the file that the path names now. The holder removes the file
// before it unlocks it, so the lock can turn out to be on a removed file: then it
// tries again with the new one.
func lockCurrent(path string) (*flock.Flock, error) {
	for {
		lock := flock.New(path, flock.SetPermissions(0o600))
		if err := lockSoon(lock); err != nil {
			return nil, err
		}
		if isCurrent(lock, path) {
			return lock, nil
		}
		_ = lock.Unlock()
	}
}

// lockSoon takes a lock. It waits a little, because a process that looks whether
// a tenant runs holds the lock for a moment too.
func lockSoon(lock *flock.Flock) error {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := lock.TryLockContext(ctx, 20*time.Millisecond)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errRunning
	case err != nil:
		return fmt.Errorf("the state directory cannot be locked: %w", err)
	}
	return nil
}

func isCurrent(lock *flock.Flock, path string) bool {
	held, err := lock.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(held, named)
}

// Path is the path of a file in the folder.
func (s *State) Path(name string) string { return filepath.Join(s.Folder, name) }

// writeSettings writes the settings of one client in the form of a .env, so that
// --env-file and a shell can read them too. The file appears whole, because other
// programs wait for it.
func (s *State) writeSettings(file string, settings map[string]string) error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		quote := "'"
		if strings.Contains(settings[name], quote) {
			quote = `"` // a home such as /home/o'brien
		}
		b.WriteString(name + "=" + quote + settings[name] + quote + "\n")
	}
	return wholefile.Replace(s.Path(file), []byte(b.String()), 0o600)
}

// Release removes the folder and frees it for the next tenant.
func (s *State) Release() error {
	err := os.RemoveAll(s.Folder)
	err = errors.Join(err, os.Remove(s.lock.Path()), s.lock.Unlock())
	_ = os.Remove(filepath.Dir(s.Folder)) // only if nothing else lives there
	return err
}

// readRunning reads a file of the tenant that runs now. The error wraps
// errNotRunning if none does.
func readRunning(stateDir, file string) ([]byte, error) {
	if !isHeld(filepath.Join(stateDir, lockFile)) {
		return nil, errNotRunning
	}
	f, err := os.Open(filepath.Join(stateDir, folderName, file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNotRunning // the tenant is starting or ending
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return input.Read(f, maxSettings)
}

// isHeld reports whether another process holds a lock.
func isHeld(path string) bool {
	if _, err := os.Stat(path); err != nil {
		return false // trying the lock would create the file
	}
	lock := flock.New(path)
	free, err := lock.TryRLock()
	if free {
		_ = lock.Unlock()
	}
	return err == nil && !free
}
