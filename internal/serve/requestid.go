package serve

import (
	"crypto/rand"
	"net/http"
	"strings"
)

// maxRequestID is the length of the longest request id that is accepted, in bytes.
// It is too short for a signed token, whose alphabet is the same.
const maxRequestID = 64

// requestID returns the request's X-Request-Id if it is safe for a log, else a new
// id.
func requestID(r *http.Request) string {
	if ids := r.Header["X-Request-Id"]; len(ids) == 1 && isRequestID(ids[0]) {
		return ids[0]
	}
	return rand.Text()
}

func isRequestID(s string) bool {
	return s != "" && len(s) <= maxRequestID && strings.IndexFunc(s, func(c rune) bool {
		return !isAlphanumeric(c) && !strings.ContainsRune("-_.:/+=", c)
	}) < 0
}
