package serve_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"m2m/internal/serve"
)

// TestPageFiles asks for the page and everything that it links to.
func TestPageFiles(t *testing.T) {
	s := raise(t, serve.Config{})
	index := s.do(t, "GET /docs")
	if index.status != http.StatusOK || index.header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("GET /docs = %d, %s", index.status, index.header.Get("Content-Type"))
	}
	links := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(index.body, -1)
	if len(links) < 4 {
		t.Fatalf("the page has %d links", len(links))
	}
	for _, link := range links {
		if link[1] == "data:," {
			continue // no icon
		}
		got := s.do(t, "GET /"+link[1])
		if got.status != http.StatusOK || got.body == "" || got.header.Get("Content-Encoding") != "" {
			t.Errorf("GET /%s = %d, %d bytes, %q", link[1], got.status, len(got.body), got.header.Get("Content-Encoding"))
		}
		head := s.do(t, "HEAD /"+link[1])
		if head.status != http.StatusOK || head.body != "" ||
			head.header.Get("Content-Length") != got.header.Get("Content-Length") {
			t.Errorf("HEAD /%s = %d, length %s", link[1], head.status, head.header.Get("Content-Length"))
		}
	}
	if policy := index.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy,
		"default-src 'none'; script-src 'self';") {
		t.Errorf("Content-Security-Policy = %q", policy)
	}
	for _, hosted := range []string{"http://", "https://", "//"} {
		if strings.Contains(index.body, `"`+hosted) {
			t.Errorf("the page links to another host: %s", index.body)
		}
	}
}

func TestPageCompressed(t *testing.T) {
	s := raise(t, serve.Config{})
	plain := s.do(t, "GET /docs/swagger-ui.css")
	for accepts, compressed := range map[string]bool{
		"gzip": true, "deflate, gzip;q=0.5, br": true, "GZIP": true,
		"": false, "br": false, "gzip;q=0": false, "gzip; Q=0.000": false, "gzip;q=x": false, "xgzip": false,
		"identity": false,
	} {
		got := s.do(t, "GET /docs/swagger-ui.css", "Accept-Encoding: "+accepts)
		if is := got.header.Get("Content-Encoding") == "gzip"; is != compressed ||
			got.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q, Vary %q", accepts, got.header.Get("Content-Encoding"),
				got.header.Get("Vary"))
		}
		body := io.Reader(strings.NewReader(got.body))
		if compressed {
			reader, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = reader
		}
		if text, err := io.ReadAll(body); err != nil || string(text) != plain.body {
			t.Errorf("Accept-Encoding %q: another text, %v", accepts, err)
		}
	}
}
