package cache

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"

	"m2m/internal/input"
	"m2m/internal/text"
)

// The file of the folder's key, and the beginning of the name of its parts, which a
// killed process leaves.
const (
	keyFile = "key"
	keyPart = "key.part-"
	keySize = 32
)

var (
	errKeyForm  = errors.New("the folder's key is damaged; clear the cache")
	errKeyOpen  = errors.New("the folder's key is open to others; clear the cache")
	errKeyOwner = errors.New("the folder's key belongs to another user")
)

// openKey returns the key of a folder, and makes both if they are not there.
func openKey(dir string) ([]byte, error) {
	key, err := readKey(dir)
	if !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	if err := prepare(dir); err != nil {
		return nil, err
	}
	if err := makeKey(dir); err != nil {
		return nil, text.WithoutPath(err)
	}
	return readKey(dir)
}

func readKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, keyFile)
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, text.WithoutPath(err)
	case !info.Mode().IsRegular() || info.Size() != keySize:
		return nil, errKeyForm
	case !ours(info):
		return nil, errKeyOwner
	case !private(info):
		return nil, errKeyOpen
	}
	key, err := input.File(path, keySize)
	if err == nil && len(key) != keySize {
		err = errKeyForm
	}
	return key, err
}

// makeKey writes a new key to a file of its own and links it to its name in one step:
// of many processes one succeeds, and all read the same key.
func makeKey(dir string) error {
	key := make([]byte, keySize)
	if _, err := io.ReadFull(rand.Reader, key); err != nil {
		return err
	}
	suffix := make([]byte, 8)
	if _, err := io.ReadFull(rand.Reader, suffix); err != nil {
		return err
	}
	part := filepath.Join(dir, keyPart+hex.EncodeToString(suffix))
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(part) }() // else a sweep does
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(part, filepath.Join(dir, keyFile)); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}
