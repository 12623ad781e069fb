package token

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/wholefile"
)

// Cache keeps tokens on disk, one sealed file each, in the folder "tokens" of
// Dir. Only the credential that a token was obtained with opens its file, or
// even knows its name. No fault of the cache is ever an error: it is a miss,
// and a line of debug.
type Cache struct {
	// Dir is m2m's own cache directory. It is made if absent.
	Dir string
	// LockWait bounds how long a process waits for another that is asking for
	// the same token; 0 is ten seconds.
	LockWait time.Duration
}

// defaultLockWait is long enough for a slow identity provider and short enough
// to ask for oneself inside the usual 30 seconds.
const defaultLockWait = 10 * time.Second

// Files of the cache: NAME.token, its lock, and parts of the first that a killed
// process left.
const (
	folder      = "tokens"
	entrySuffix = ".token"
	lockSuffix  = ".lock"
)

var (
	errNoCacheDir  = errors.New("no cache directory")
	errFolderOpen  = errors.New("the folder of the cache is open to others")
	errFolderOwner = errors.New("the folder of the cache belongs to another user")
	errNotFolder   = errors.New("the place of the cache is taken by something that is not a folder")
)

// slot is the place of one token: what it is called and what it is sealed with.
type slot struct {
	dir  string
	name string
	key  []byte
}

// slot returns the place of the token that r asks for.
//
// Both name and key are derived (HKDF, RFC 5869) from the credential's secret.
// A plain digest as name would let whoever sees the folder test guesses of the
// secret, or find out who asks for what; this name says nothing to those who
// have not the secret, and another secret leads to another file.
func (c *Cache) slot(r Request, secret entra.Secret) (*slot, error) {
	if c.Dir == "" {
		return nil, errNoCacheDir
	}
	identity, err := json.Marshal([]string{
		r.Authority.Origin, strings.ToLower(r.Authority.Tenant), strings.ToLower(r.ClientID),
		r.Scope, r.Claims, r.Region, r.Credential.Kind(),
	})
	if err != nil {
		return nil, err
	}
	master, err := hkdf.Extract(sha256.New, []byte(secret.Reveal()), []byte("m2m token cache v1"))
	if err != nil {
		return nil, err
	}
	name, err := hkdf.Expand(sha256.New, master, "name\x00"+string(identity), sha256.Size)
	if err != nil {
		return nil, err
	}
	s := &slot{dir: filepath.Join(c.Dir, folder), name: hex.EncodeToString(name)}
	s.key, err = hkdf.Expand(sha256.New, master, "key\x00"+s.name, 32)
	return s, err
}

// throughCache returns the token in the slot, or asks for one and puts it
// there. Of several processes that miss, one asks and the others wait for it.
func (c *Client) throughCache(ctx context.Context, s *slot, r Request) (Token, error) {
	start := c.now()
	old, err := s.read(c.now())
	switch {
	case err != nil:
		c.debug("cache: miss: " + err.Error())
	case r.Refresh:
		c.debug("cache: passed over, a new token is wanted")
	case !old.lives(c.now(), r.MinTTL):
		c.debug("cache: the token there expires too soon, at " + old.ExpiresOn.Format(time.RFC3339))
	case !old.due(c.now()):
		c.debug("cache: hit")
		return old.token(), nil
	default:
		return c.renew(ctx, s, r, old)
	}
	fresh := func(e *entry) bool {
		if !e.AskedAt.Before(start) {
			return e.lives(c.now(), 0) // none can be newer, whatever was wished
		}
		return !r.Refresh && e.lives(c.now(), r.MinTTL)
	}
	return c.fill(ctx, s, r, fresh)
}

// fill asks for a token under the slot's lock and stores it. A token that
// another process stored meanwhile is taken instead, if it is fresh.
func (c *Client) fill(ctx context.Context, s *slot, r Request, fresh func(*entry) bool) (Token, error) {
	if err := s.prepare(); err != nil {
		c.debug("cache: not used: " + err.Error())
		return c.ask(ctx, r)
	}
	unlock, found, err := s.lock(ctx, c.Cache.lockWait(), func() *entry {
		if e, err := s.read(c.now()); err == nil && fresh(e) {
			return e
		}
		return nil
	})
	if err != nil {
		c.debug("cache: asking without a lock: " + err.Error())
	}
	defer unlock()
	if found != nil {
		c.debug("cache: hit, stored by another process")
		return found.token(), nil
	}
	return c.askAndStore(ctx, s, r)
}

// renew asks for the successor of a token that still works but that Entra
// advised to replace (refresh_in). One process does; the others, and that one
// too if nobody answers, use the old one.
func (c *Client) renew(ctx context.Context, s *slot, r Request, old *entry) (Token, error) {
	c.debug("cache: the token there should be renewed since " + old.RefreshOn.Format(time.RFC3339))
	unlock, locked, err := s.tryLock()
	if err == nil && !locked {
		c.debug("cache: hit, another process renews it")
		return old.token(), nil
	}
	defer unlock()
	if e, err := s.read(c.now()); err == nil && e.lives(c.now(), r.MinTTL) && !e.due(c.now()) {
		return e.token(), nil
	}
	token, err := c.askAndStore(ctx, s, r)
	if errors.Is(err, ErrUnavailable) {
		c.debug("cache: hit, the token could not be renewed: " + err.Error())
		return old.token(), nil
	}
	return token, err
}

// askAndStore asks the identity provider and puts the token into the slot. One
// that would not be served from there is not stored.
func (c *Client) askAndStore(ctx context.Context, s *slot, r Request) (Token, error) {
	asked := c.now()
	token, err := c.ask(ctx, r)
	if err != nil {
		return Token{}, err
	}
	e := entryOf(token, asked)
	if !e.lives(c.now(), 0) {
		c.debug("cache: not stored, the token lives less than " + leastTTL.String())
		return token, nil
	}
	if err := s.write(e); err != nil {
		c.debug("cache: not stored: " + err.Error())
	}
	s.sweep(c.now())
	return token, nil
}

func (c *Cache) lockWait() time.Duration {
	if c.LockWait == 0 {
		return defaultLockWait
	}
	return c.LockWait
}

// prepare makes the folder, for its owner alone.
func (s *slot) prepare() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return text.WithoutPath(err)
	}
	info, err := os.Lstat(s.dir)
	switch {
	case err != nil:
		return text.WithoutPath(err)
	case !info.IsDir():
		return errNotFolder
	case !ours(info):
		return errFolderOwner
	case !private(info):
		if err := os.Chmod(s.dir, 0o700); err != nil {
			return fmt.Errorf("%w: %w", errFolderOpen, text.WithoutPath(err))
		}
	}
	return nil
}

// Clear removes every token that the cache holds and returns how many there
// were. Files that are not the cache's own stay.
func (c *Cache) Clear() (removed int, err error) {
	if c.Dir == "" {
		return 0, nil
	}
	dir := filepath.Join(c.Dir, folder)
	files, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the cache: %w", err)
	}
	for _, file := range files {
		if !cacheFile(file.Name()) {
			continue
		}
		if e := os.Remove(filepath.Join(dir, file.Name())); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		} else if strings.HasSuffix(file.Name(), entrySuffix) {
			removed++
		}
	}
	if err != nil {
		return removed, fmt.Errorf("clearing the cache: %w", err)
	}
	return removed, nil
}

// cacheFile reports whether a name is one that the cache gives.
func cacheFile(name string) bool {
	if whole, ok := wholefile.PartOf(name); ok {
		name = whole
	}
	digest, suffix, _ := strings.Cut(name, ".")
	if _, err := hex.DecodeString(digest); err != nil || len(digest) != 2*sha256.Size {
		return false
	}
	return "."+suffix == entrySuffix || "."+suffix == lockSuffix
}
