package token

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"m2m/internal/text"
	"m2m/internal/wholefile"
)

// Faults of a lock. A request that meets one asks without a lock: two requests
// are better than none.
var (
	errLockForm = errors.New("the place of the lock is taken by something that is no file")
	errLockWait = errors.New("another process holds the lock for too long")
)

// tryLock takes the slot's lock if it is free. unlock is never nil. The kernel
// lets go of the lock when its process ends, however it ends.
func (s *slot) tryLock() (unlock func(), locked bool, err error) {
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

// How often a waiting process looks: soon at first, then less, because hundreds
// of them would otherwise take the processor from the one that asks.
const (
	firstLook   = 4 * time.Millisecond
	slowestLook = 100 * time.Millisecond
)

// lock waits for the slot's lock, at most as long as wait and as half of what
// the context leaves. Between attempts, and once with the lock, it looks
// whether the entry wanted has appeared: then nobody needs the lock any more.
func (s *slot) lock(ctx context.Context, wait time.Duration, look func() *entry) (unlock func(), found *entry, err error) {
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, wait, errLockWait)
	defer cancel()
	for pause := firstLook; ; pause = min(2*pause, slowestLook) {
		unlock, locked, err := s.tryLock()
		if found := look(); found != nil || locked || err != nil {
			return unlock, found, err
		}
		unlock()
		if err := sleep(ctx, pause/2+rand.N(pause)); err != nil {
			return func() {}, nil, context.Cause(ctx)
		}
	}
}

// How old files of the cache are when nobody needs them any more: no token
// lives longer than 28 hours, and no write takes a minute.
const (
	entryAge = 30 * time.Hour
	partAge  = 10 * time.Minute
)

// sweep removes files that nobody needs any more, so that the folder does not
// grow for ever. Removing an old lock that is being taken costs one request.
func (s *slot) sweep(now time.Time) {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	for _, file := range files {
		if !cacheFile(file.Name()) {
			continue
		}
		age := entryAge
		if _, part := wholefile.PartOf(file.Name()); part {
			age = partAge
		}
		if info, err := file.Info(); err == nil && now.Sub(info.ModTime()) > age {
			_ = os.Remove(filepath.Join(s.dir, file.Name())) // the next sweep tries again
		}
	}
}
