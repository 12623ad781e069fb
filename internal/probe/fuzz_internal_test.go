package probe

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzAnswer reads whatever an API sends.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), "GET")
	f.Add([]byte("HTTP/1.1 000\r\n\r\n"), "GET")
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 Unauthorized\r\n\r\n"), "GET")
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"), "HEAD")
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"), "OPTIONS")
	f.Add([]byte(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 20)), "GET")
	f.Fuzz(func(t *testing.T, sent []byte, method string) {
		a := readAnswer(bytes.NewReader(sent), method)
		if (a.status == 0) != (a.err != nil) {
			t.Fatalf("status %d with the error %v", a.status, a.err)
		}
		if len(a.body) > maxAnswer || a.status/100 == 1 {
			t.Fatalf("status %d with %d bytes", a.status, len(a.body))
		}
	})
}
