package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

// readFile reads a file, or stdin for "-", that may hold up to limit bytes.
func (env *Env) readFile(path string, limit int64) ([]byte, error) {
	data, whole, err := env.readStart(path, limit)
	if err == nil && !whole {
		err = fmt.Errorf("%s holds more than %d KiB", fileName(path), limit>>10)
	}
	return data, err
}

// readStart reads the first limit bytes of a file, or of stdin for "-", and
// says whether that is all of it. A terminal or a pipe that nobody writes to
// keeps it waiting, even while it is opened; a signal ends the wait.
func (env *Env) readStart(path string, limit int64) (data []byte, whole bool, err error) {
	type result struct {
		data []byte
		err  error
	}
	read := make(chan result, 1) // so that a reader nobody waits for any more can end
	go func() {
		data, err := env.readUnstoppably(path, limit+1)
		read <- result{data, err}
	}()
	select {
	case <-env.done:
		return nil, false, context.Canceled
	case r := <-read:
		whole := int64(len(r.data)) <= limit
		return r.data[:min(int64(len(r.data)), limit)], whole, r.err
	}
}

func (env *Env) readUnstoppably(path string, limit int64) ([]byte, error) {
	in := env.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return io.ReadAll(io.LimitReader(in, limit))
}

func fileName(path string) string {
	if path == "-" {
		return "stdin"
	}
	return path
}
