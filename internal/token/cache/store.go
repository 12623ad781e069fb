package cache

import (
	"cmp"
	"crypto/hkdf"
	"crypto/hmac"
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

// Store keeps tokens in the folder "tokens" of Dir, one sealed file each, and the
// folder's key.
type Store struct {
	// Dir is m2m's own cache directory. It is made if absent.
	Dir string
	// LockWait bounds how long a process waits for another that requests the same
	// token; 0 is ten seconds.
	LockWait time.Duration
}

// Key says which token is meant. Two tokens that differ in a field have two slots.
type Key struct {
	// Authority is the origin of the login host.
	Authority string
	// Tenant, ClientID and Agent, an agent identity of the client, are compared without
	// regard to case.
	Tenant, ClientID, Agent string
	Scope, Claims           string
	Region                  string
	// Credential is the kind of credential.
	Credential string
	// Secret is what the credential proves itself with, for as long as it lasts.
	Secret entra.Secret
}

// defaultLockWait is long enough for a slow identity provider and short enough
// to request the token oneself inside the usual 30 seconds.
const defaultLockWait = 10 * time.Second

// Files of the cache: NAME.token, its lock, and parts of the first that a killed
// process left.
const (
	folder      = "tokens"
	entrySuffix = ".token"
	lockSuffix  = ".lock"
)

var (
	errNoDir       = errors.New("no cache directory")
	errFolderOpen  = errors.New("the folder of the cache is open to others")
	errFolderOwner = errors.New("the folder of the cache belongs to another user")
	errNotFolder   = errors.New("the place of the cache is taken by something that is not a folder")
)

// Slot is the place of one token.
type Slot struct {
	dir      string
	name     string // of its files, without a suffix
	key      []byte // that its content is sealed with
	lockWait time.Duration
}

// Slot returns the place of a token. It makes the folder and its key if they are not
// there; the folder is its owner's alone.
//
// The name is an HMAC under the folder's key, and the content is sealed with a key that
// is derived (HKDF, RFC 5869) from the folder's key and the credential's secret. So a
// file without the folder's key tests no guess of a secret and tells nothing of who
// requests which token, and the folder's key without the secret opens nothing.
func (c *Store) Slot(k Key) (*Slot, error) {
	if c.Dir == "" {
		return nil, errNoDir
	}
	dir := filepath.Join(c.Dir, folder)
	folderKey, err := openKey(dir)
	if err != nil {
		return nil, err
	}
	secret := sha256.Sum256([]byte(k.Secret.Reveal()))
	identity, err := json.Marshal([]string{
		k.Authority, strings.ToLower(k.Tenant), k.Region, strings.ToLower(k.ClientID), strings.ToLower(k.Agent), k.Scope, k.Claims,
		k.Credential, hex.EncodeToString(secret[:]),
	})
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, folderKey)
	mac.Write([]byte("token cache v2 name\x00"))
	mac.Write(identity)
	s := &Slot{dir: dir, name: hex.EncodeToString(mac.Sum(nil)), lockWait: cmp.Or(c.LockWait, defaultLockWait)}
	s.key, err = hkdf.Key(sha256.New, append(folderKey, k.Secret.Reveal()...), []byte("token cache v2"), "seal\x00"+s.name, 32)
	return s, err
}

// Prepare makes sure that the folder is its owner's alone.
func (s *Slot) Prepare() error { return prepare(s.dir) }

// prepare makes the folder, for its owner alone.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return text.WithoutPath(err)
	}
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return text.WithoutPath(err)
	case !info.IsDir():
		return errNotFolder
	case !ours(info):
		return errFolderOwner
	case !private(info):
		if err := os.Chmod(dir, 0o700); err != nil {
			return fmt.Errorf("%w: %w", errFolderOpen, text.WithoutPath(err))
		}
	}
	return nil
}

// Clear removes every token that the cache holds and returns how many there
// were. Files that are not the cache's own stay.
func (c *Store) Clear() (removed int, err error) {
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
		if !isCacheFile(file.Name()) {
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

// isCacheFile reports whether a name is one that the cache gives.
func isCacheFile(name string) bool {
	if name == keyFile || strings.HasPrefix(name, keyPart) {
		return true
	}
	if whole, ok := wholefile.PartOf(name); ok {
		name = whole
	}
	digest, suffix, _ := strings.Cut(name, ".")
	if _, err := hex.DecodeString(digest); err != nil || len(digest) != 2*sha256.Size {
		return false
	}
	return "."+suffix == entrySuffix || "."+suffix == lockSuffix
}
