package cache

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"m2m/internal/text"
	"m2m/internal/transport"
	"m2m/internal/wholefile"
)

// Faults of a lock. A process that meets one requests its token without a lock:
// two requests are better than none.
var (
	errLockForm = errors.New("something at the path of the lock is not a file")
	errLockWait = errors.New("another process holds the lock for too long")
)

// TryLock takes the slot's lock if it is free. unlock is never nil. The operating
// system releases the lock when the process ends, however it ends.
func (s *Slot) TryLock() (unlock func(), locked bool, err error) {
	path := s.path(lockSuffix)
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return func() {}, false, errLockForm
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	locked, err = lock.TryLock()
	if err != nil || !locked {
		return func() { _ = lock.Close() }, false, text.WithoutPath(err)
	}
	// The file stays: removing it would let two processes hold two locks of
	// one name.
	return func() { _ = lock.Unlock() }, true, nil
}

// How often a waiting process tries: soon at first, then less, because hundreds
// of them would otherwise take the processor from the one that has the lock.
const (
	firstLook   = 4 * time.Millisecond
	slowestLook = 100 * time.Millisecond
)

// Lock waits for the slot's lock, at most Store.LockWait and half of the time that
// the context leaves. Between attempts, and once with the lock, it calls look: an
// entry that has appeared makes the lock unnecessary. unlock is never nil.
func (s *Slot) Lock(ctx context.Context, look func() *Entry) (unlock func(), found *Entry, err error) {
	wait := s.lockWait
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, wait, errLockWait)
	defer cancel()
	for pause := firstLook; ; pause = min(2*pause, slowestLook) {
		unlock, locked, err := s.TryLock()
		if found := look(); found != nil || locked || err != nil {
			return unlock, found, err
		}
		unlock()
		if err := transport.Sleep(ctx, pause/2+rand.N(pause)); err != nil {
			return func() {}, nil, context.Cause(ctx)
		}
	}
}

// How old files of the cache are when they are of no use: no token lives longer
// than 28 hours, and no write takes a minute.
const (
	entryAge = 30 * time.Hour
	partAge  = 10 * time.Minute
)

// Sweep removes files that are too old to be of use, so that the folder does not
// grow without bound. Removing an old lock that is being taken costs one request.
func (s *Slot) Sweep(now time.Time) {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	for _, file := range files {
		if !isCacheFile(file.Name()) || file.Name() == keyFile {
			continue
		}
		age := entryAge
		if _, part := wholefile.PartOf(file.Name()); part || strings.HasPrefix(file.Name(), keyPart) {
			age = partAge
		}
		if info, err := file.Info(); err == nil && now.Sub(info.ModTime()) > age {
			_ = os.Remove(filepath.Join(s.dir, file.Name())) // the next sweep tries again
		}
	}
}
