package token

import (
	"errors"
	"io"
	"os"
)

// errTooLarge says that a file holds more than its kind ever needs.
var errTooLarge = errors.New("it is too large to be what it should be")

// readBounded reads a file of at most limit bytes.
func readBounded(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer func() { _ = f.Close() }() // only read from
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, withoutPath(err)
	case int64(len(data)) > limit:
		return nil, errTooLarge
	}
	return data, nil
}

// withoutPath drops the path from a file error, because the SettingError
// around it names the file already.
func withoutPath(err error) error {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
