package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"m2m/internal/input"
)

// readFile reads a file, or stdin for "-", that may hold up to limit bytes. With
// more, it returns the first of them too, and an error that is input.ErrTooLarge.
//
// A terminal or a pipe that nobody writes to keeps it waiting, even while it is
// opened; a signal ends the wait.
func (env *Env) readFile(path string, limit int64) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	read := make(chan result, 1) // so that a reader nobody waits for any more can end
	go func() {
		data, err := env.readUnstoppably(path, limit)
		read <- result{data, err}
	}()
	select {
	case <-env.done:
		return nil, context.Canceled
	case r := <-read:
		if errors.Is(r.err, input.ErrTooLarge) {
			r.err = &tooLargeError{path, limit}
		}
		return r.data, r.err
	}
}

func (env *Env) readUnstoppably(path string, limit int64) ([]byte, error) {
	if path == "-" {
		return input.Read(env.stdin, limit)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return input.Read(f, limit)
}

// tooLargeError is an input.ErrTooLarge with the limit in bytes.
type tooLargeError struct {
	path  string
	limit int64
}

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("%s holds more than %d KiB", fileName(e.path), e.limit>>10)
}

func (e *tooLargeError) Is(target error) bool { return target == input.ErrTooLarge }

func fileName(path string) string {
	if path == "-" {
		return "stdin"
	}
	return path
}
