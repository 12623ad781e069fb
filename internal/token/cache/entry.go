package cache

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"m2m/internal/entra"
	"m2m/internal/input"
	"m2m/internal/text"
	"m2m/internal/wholefile"
)

// Entry is what a file of the cache holds, sealed.
type Entry struct {
	Access    string    `json:"access_token"`
	Type      string    `json:"token_type"`
	ExpiresOn time.Time `json:"expires_on"`
	RefreshOn time.Time `json:"refresh_on,omitzero"`
	// AskedAt is when the request for the token began, so that a process that
	// wants a new one knows whether another got it meanwhile.
	AskedAt time.Time `json:"asked_at"`
}

// Why an entry is a miss.
var (
	errNoEntry      = errors.New("no token is stored")
	errEntryForm    = errors.New("the file is not one of the cache's")
	errEntrySeal    = errors.New("the file was changed, or sealed by another credential")
	errEntryExpired = errors.New("the token there has expired")
)

// maxEntry bounds a file of the cache; Entra's tokens are a few kilobytes.
const maxEntry = 256 << 10

// sealVersion is the first byte of every file: AES-256-GCM with a random nonce.
const sealVersion = 1

// Lives reports whether the token does not expire within d.
func (e *Entry) Lives(now time.Time, d time.Duration) bool { return e.ExpiresOn.Sub(now) >= d }

// Due reports whether Entra advised to renew the token by now.
func (e *Entry) Due(now time.Time) bool {
	return !e.RefreshOn.IsZero() && !e.RefreshOn.After(now)
}

// seal encrypts an entry for the slot. The slot's name is authenticated with it,
// so that a file that was renamed to another slot does not open.
func (s *Slot) seal(e *Entry, random io.Reader) ([]byte, error) {
	plain, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	head := make([]byte, 1+aead.NonceSize())
	head[0] = sealVersion
	if _, err := io.ReadFull(random, head[1:]); err != nil {
		return nil, err
	}
	return aead.Seal(head, head[1:], plain, []byte(s.name)), nil
}

// open decrypts what seal made.
func (s *Slot) open(data []byte) (*Entry, error) {
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	n := 1 + aead.NonceSize()
	if len(data) < n+aead.Overhead() || data[0] != sealVersion {
		return nil, errEntryForm
	}
	plain, err := aead.Open(nil, data[1:n], data[n:], []byte(s.name))
	if err != nil {
		return nil, errEntrySeal
	}
	var e Entry
	if err := json.Unmarshal(plain, &e); err != nil || !entra.IsBearerToken(e.Access) {
		return nil, errEntryForm
	}
	return &e, nil
}

func (s *Slot) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (s *Slot) path(suffix string) string { return filepath.Join(s.dir, s.name+suffix) }

// Read returns the entry in the slot. Every fault is a miss, and its error is for
// the log alone.
func (s *Slot) Read(now time.Time) (*Entry, error) {
	path := s.path(entrySuffix)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, errNoEntry
	case err != nil:
		return nil, text.WithoutPath(err)
	case !info.Mode().IsRegular(): // opening a pipe would wait for a writer
		return nil, errEntryForm
	}
	data, err := input.File(path, maxEntry)
	if err != nil {
		return nil, err
	}
	e, err := s.open(data)
	if err == nil && !e.ExpiresOn.After(now) {
		return nil, errEntryExpired
	}
	return e, err
}

// Write puts an entry into the slot in one step.
func (s *Slot) Write(e *Entry) error {
	data, err := s.seal(e, rand.Reader)
	if err != nil {
		return err
	}
	return text.WithoutPath(wholefile.Replace(s.path(entrySuffix), data, 0o600))
}
