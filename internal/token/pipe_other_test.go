//go:build !unix

package token_test

import "errors"

func makePipe(string) error { return errors.ErrUnsupported }
