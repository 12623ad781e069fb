package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

// readFile reads a file, or stdin for "-", that may hold up to limit bytes.
func (a *app) readFile(path string, limit int64) ([]byte, error) {
	data, whole, err := a.readStart(path, limit)
	if err == nil && !whole {
		err = fmt.Errorf("%s holds more than %d KiB", fileName(path), limit>>10)
	}
	return data, err
}

// readStart reads the first limit bytes of a file, or of stdin for "-", and
// says whether that is all of it. A terminal or a pipe that nobody writes to
// keeps it waiting, even while it is opened; a signal ends the wait.
func (a *app) readStart(path string, limit int64) (data []byte, whole bool, err error) {
	read := make(chan struct{})
	go func() {
		defer close(read)
		data, err = a.readUnstoppably(path, limit+1)
	}()
	select {
	case <-read:
	case <-a.done:
		return nil, false, context.Canceled // the goroutine ends with the process
	}
	if int64(len(data)) > limit {
		return data[:limit], false, err
	}
	return data, true, err
}

func (a *app) readUnstoppably(path string, limit int64) ([]byte, error) {
	in := a.stdin
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
