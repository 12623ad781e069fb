package input

import (
	"errors"
	"io"
	"os"

	"m2m/internal/text"
)

// ErrTooLarge says that there is more to read than the bound allows.
var ErrTooLarge = errors.New("it is too large to be what it should be")

// Read reads r to its end, at most limit bytes. If there is more, it returns the
// first limit bytes and ErrTooLarge.
func Read(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		return data[:limit], ErrTooLarge
	}
	return data, err
}

// File reads a file as Read does. Its errors do not name the file.
func File(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, text.WithoutPath(err)
	}
	defer func() { _ = f.Close() }() // only read from
	data, err := Read(f, limit)
	return data, text.WithoutPath(err)
}
