package serve

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// formPeek bounds how much of a form body is searched for a token, in bytes. A
// token further back is not found, but it is not used either: no token is ever taken
// from a body.
const formPeek = 64 << 10

// formHasToken reports whether the body is a form that names access_token
// (RFC 6750 section 2.2 allows it in that media type only). Other bodies are not
// read. r.Body still returns what was read.
func formHasToken(r *http.Request) (bool, error) {
	if r.Body == nil || r.Body == http.NoBody || !isForm(r.Header) {
		return false, nil
	}
	start, err := io.ReadAll(io.LimitReader(r.Body, formPeek))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return false, fmt.Errorf("the form body: %w", err)
	} else if err != nil {
		return false, fmt.Errorf("%w: its form body cannot be read", ErrMalformed)
	}
	r.Body = rereadBody{io.MultiReader(bytes.NewReader(start), r.Body), r.Body}
	return hasParameter(string(start)), nil
}

// rereadBody returns what was read ahead, then the rest.
type rereadBody struct {
	io.Reader
	io.Closer
}

func isForm(h http.Header) bool {
	for _, value := range h["Content-Type"] {
		mediaType, _, _ := strings.Cut(value, ";")
		if strings.EqualFold(strings.TrimSpace(mediaType), "application/x-www-form-urlencoded") {
			return true
		}
	}
	return false
}
