package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"m2m/internal/exit"
	"m2m/internal/input"
	"m2m/internal/text"
	"m2m/internal/token/cache"
	"m2m/internal/wholefile"
)

// What a running tenant has on disk: in the folder "local" of the user's state
// directory, where --local finds it, or in a temporary folder for a COMMAND.
const (
	folderName = "local"
	tempPrefix = "m2m-local-" // of temporary folders
	// markerFile marks the folder as m2m's own. It is locked while the tenant runs,
	// and the operating system releases the lock however the process ends: the lock
	// tells a running tenant from the files of one that was killed.
	markerFile  = ".m2m-local-tenant"
	ClientFile  = "client.env"              // of the client that --local means
	noRoleFile  = "client-without-role.env" // of the one that the API rejects, for --env-file
	CAFile      = "ca.pem"
	ControlFile = "control.json" // a control.Access
	choicesFile = "clients.json" // what --as can name, as a list of entry
	rootsFile   = "roots.pem"    // the system's roots and ours, for programs that take one bundle
	cacheFolder = "cache"
	binFolder   = "bin" // holds m2m, for the PATH of a COMMAND
)

// maxSettings bounds each file that is read, in bytes.
const maxSettings = 64 << 10

// ErrNotRunning is wrapped by the error of what needs a local tenant on this machine.
var ErrNotRunning = errors.New("no local tenant is running")

var (
	errRunning  = errors.New("a local tenant is already running")
	errReleased = errors.New("the folder of the local tenant was released")
)

// foreignError means that a folder is not m2m's to write to or to remove from.
type foreignError struct{ folder, problem string }

func (e *foreignError) Error() string {
	return fmt.Sprintf("m2m does not use %s: %s", text.Quote(e.folder), e.problem)
}

// State is the folder with the files of one running tenant, and the lock that keeps
// it for that tenant. Nothing is on disk before Claim. Its methods may be called
// from several goroutines: a signal can release the folder at any moment.
type State struct {
	parent    string
	temporary bool

	mu         sync.Mutex
	folder     string
	lock       *flock.Flock // nil before Claim and after Release
	madeParent bool
	keepFolder bool // it was there before, empty
	released   bool
}

// NewState returns the folder in the user's state directory.
func NewState(stateDir string) *State {
	s := &State{parent: stateDir}
	if stateDir != "" {
		s.folder = filepath.Join(stateDir, folderName)
	}
	return s
}

// NewTemporary returns a temporary folder, for the tenant of one COMMAND.
func NewTemporary() *State { return &State{parent: os.TempDir(), temporary: true} }

// Claim makes the folder, or takes over the one that a killed tenant left, less
// its files. It removes nothing that m2m did not write, and refuses a folder that
// holds something else and has no marker. Its errors are exit.Errors.
func (s *State) Claim() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.claim()
	foreign := (*foreignError)(nil)
	switch {
	case err == nil:
		sweepTemporary(s.folder)
		return nil
	case errors.Is(err, errReleased):
		return context.Canceled
	case errors.Is(err, errRunning):
		return exit.Usagef("a local tenant is already running on this machine").
			Hint("use it with --local, or stop it first", "to run a second one, set M2M_STATE_DIR to another folder").
			Wrap(err)
	case errors.As(err, &foreign):
		return exit.Usagef("%v", foreign).
			Hint("set M2M_STATE_DIR to another folder", "or move away what is there: m2m removes only what it wrote itself").
			Wrap(err)
	case s.temporary:
		return exit.Usagef("cannot make a temporary folder: %v", err).Hint("set TMPDIR to a folder that can be written").Wrap(err)
	}
	return exit.Usagef("%v", err).Hint("set M2M_STATE_DIR to a folder that can be written").Wrap(err)
}

// claimTries bounds how often Claim starts again because another process removed
// the folder meanwhile.
const claimTries = 10

func (s *State) claim() (err error) {
	if s.released {
		return errReleased
	}
	if s.parent == "" {
		return errors.New("there is no state directory, because HOME is not set")
	}
	for range claimTries {
		if err = s.claimOnce(); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

func (s *State) claimOnce() error {
	if s.temporary {
		folder, err := os.MkdirTemp(s.parent, tempPrefix)
		if err != nil {
			return err
		}
		s.folder = folder
	} else {
		_, err := os.Stat(s.parent)
		s.madeParent = errors.Is(err, fs.ErrNotExist) || s.madeParent
		if err := os.MkdirAll(s.parent, 0o700); err != nil {
			return fmt.Errorf("cannot make the state directory: %w", err)
		}
		switch err := os.Mkdir(s.folder, 0o700); {
		case errors.Is(err, fs.ErrExist):
			_, err := os.Lstat(filepath.Join(s.folder, markerFile))
			s.keepFolder = err != nil
		case err != nil:
			return fmt.Errorf("cannot make a folder in the state directory: %w", err)
		}
	}
	if err := checkOwn(s.folder); err != nil {
		return err
	}
	lock, err := lockCurrent(filepath.Join(s.folder, markerFile))
	if err != nil {
		return err
	}
	s.lock = lock
	if err := errors.Join(removeOwn(s.folder), os.MkdirAll(s.Path(cacheFolder), 0o700)); err != nil {
		return errors.Join(err, s.release())
	}
	return nil
}

// checkOwn returns a *foreignError unless the folder is one that m2m made, or is
// empty.
func checkOwn(folder string) error {
	info, err := os.Lstat(folder)
	switch {
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return &foreignError{folder, "it is a symbolic link"}
	case !info.IsDir():
		return &foreignError{folder, "it is not a folder"}
	case !ownedByUser(info):
		return &foreignError{folder, "it belongs to another user"}
	}
	marker, err := os.Lstat(filepath.Join(folder, markerFile))
	switch {
	case err == nil && !marker.Mode().IsRegular():
		return &foreignError{folder, text.Quote(markerFile) + " in it is not a file"}
	case errors.Is(err, fs.ErrNotExist):
		entries, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		if len(entries) > 0 {
			return &foreignError{folder, "it holds files that m2m did not write, such as " + text.Quote(entries[0].Name())}
		}
	case err != nil:
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return os.Chmod(folder, 0o700)
	}
	return nil
}

// settingsFile is the form of the names of files with the settings of a client.
var settingsFile = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(client|client-without-role|(client|identity)-[0-9A-Fa-f-]{36}(@[0-9A-Fa-f-]{36})?)\.env$`)
})

// isOwnFile reports whether m2m gives a file of the folder this name.
func isOwnFile(name string) bool {
	if whole, ok := wholefile.PartOf(name); ok {
		name = whole
	}
	return name == CAFile || name == ControlFile || name == rootsFile || name == choicesFile || settingsFile().MatchString(name)
}

// removeOwn removes from a folder what m2m wrote into it, less the marker, and
// leaves everything else.
func removeOwn(folder string) error {
	entries, err := os.ReadDir(folder)
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		switch {
		case entry.IsDir() && entry.Name() == cacheFolder:
			_, e := (&cache.Store{Dir: path}).Clear()
			err = errors.Join(err, e, removeEmpty(filepath.Join(path, "tokens")), removeEmpty(path))
		case entry.IsDir() && entry.Name() == binFolder:
			err = errors.Join(err, removeFile(filepath.Join(path, programName())), removeEmpty(path))
		case !entry.IsDir() && isOwnFile(entry.Name()):
			err = errors.Join(err, removeFile(path))
		}
	}
	return err
}

// programName is the name of m2m in a folder of the PATH.
func programName() string {
	if runtime.GOOS == "windows" {
		return "m2m.exe"
	}
	return "m2m"
}

func removeFile(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeEmpty removes a folder if nothing is in it.
func removeEmpty(path string) error {
	if entries, err := os.ReadDir(path); err != nil || len(entries) > 0 {
		return nil
	}
	return removeFile(path)
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
		return fmt.Errorf("cannot lock the folder of the local tenant: %w", err)
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

// sweepTemporary removes the temporary folders that killed tenants left, but for
// one of a tenant that runs.
func sweepTemporary(except string) {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), tempPrefix+"*")) // the pattern is well formed
	for _, folder := range folders {
		if folder == except || checkOwn(folder) != nil {
			continue
		}
		path := filepath.Join(folder, markerFile)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			_ = os.Remove(folder) // empty, or the call fails
			continue
		}
		lock := flock.New(path)
		if free, err := lock.TryLock(); err == nil && free && isCurrent(lock, path) {
			_ = (&State{folder: folder, lock: lock, temporary: true}).release() // it is tried again at the next start
		} else if free {
			_ = lock.Unlock()
		}
	}
}

// Folder returns the path of the folder; of a temporary one it is empty before
// Claim.
func (s *State) Folder() string { return s.folder }

// Path returns the path of a file in the folder.
func (s *State) Path(name string) string { return filepath.Join(s.folder, name) }

// write writes a file of the folder, for this user alone. The file appears whole,
// because other programs wait for it.
func (s *State) write(name string, content []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		return errReleased
	}
	return wholefile.Replace(s.Path(name), content, 0o600)
}

// putProgram puts m2m, and nothing else, into a folder of its own for a PATH, and
// returns that folder: a link to the running binary, or a copy where links cannot
// be made.
func (s *State) putProgram(self string) (bin string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		return "", errReleased
	}
	bin = s.Path(binFolder)
	if err := os.Mkdir(bin, 0o700); err != nil {
		return "", err
	}
	target := filepath.Join(bin, programName())
	if os.Symlink(self, target) == nil {
		return bin, nil
	}
	return bin, copyFile(self, target)
}

// writeSettings writes the settings of one client in the form of a .env, so that
// --env-file and a shell can read them too.
func (s *State) writeSettings(file string, settings map[string]string) error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		quote := "'"
		if strings.Contains(settings[name], quote) {
			quote = `"` // a home such as /home/o'brien
		}
		b.WriteString(name + "=" + quote + settings[name] + quote + "\n")
	}
	return s.write(file, []byte(b.String()))
}

// Release removes what m2m wrote, and the folder unless something else is in it,
// and frees it for the next tenant. After it Claim fails, so that a signal ends a
// start that is under way. Further calls do nothing.
func (s *State) Release() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.released = true
	if s.lock == nil {
		return nil
	}
	return s.release()
}

// release keeps the marker where other files stay: without it the folder would be
// somebody else's at the next start.
func (s *State) release() error {
	lock := s.lock
	s.lock = nil
	err := removeOwn(s.folder)
	entries, readErr := os.ReadDir(s.folder)
	err = errors.Join(err, readErr)
	if len(entries) == 1 && entries[0].Name() == markerFile {
		err = errors.Join(err, os.Remove(lock.Path()))
	}
	err = errors.Join(err, lock.Unlock())
	if !s.keepFolder {
		err = errors.Join(err, removeEmpty(s.folder))
	}
	if s.madeParent {
		_ = os.Remove(s.parent) // empty, or the call fails
	}
	return err
}

// readRunning reads a file of the tenant that runs now. The error wraps
// ErrNotRunning if none does.
func readRunning(stateDir, file string) ([]byte, error) {
	folder := filepath.Join(stateDir, folderName)
	if !isHeld(filepath.Join(folder, markerFile)) {
		return nil, ErrNotRunning
	}
	f, err := os.Open(filepath.Join(folder, file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotRunning // the tenant is starting or ending
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return input.Read(f, maxSettings)
}

// isHeld reports whether another process holds a lock.
func isHeld(path string) bool {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return false // trying the lock would create the file
	}
	lock := flock.New(path)
	free, err := lock.TryRLock()
	if free {
		_ = lock.Unlock()
	}
	return err == nil && !free
}
