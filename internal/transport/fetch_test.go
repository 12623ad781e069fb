package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"m2m/internal/transport"
)

func TestFetch(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/tagged":
			w.Header().Set("ETag", `"new"`)
			if r.Header.Get("If-None-Match") == `"old"` {
				w.WriteHeader(http.StatusNotModified)
			}
		case "/header":
			fmt.Fprint(w, r.Header.Get("Accept"), r.Header.Get("Authorization"))
		case "/large":
			fmt.Fprint(w, strings.Repeat("x", 2049))
		case "/short":
			w.Header().Set("Content-Length", "100")
		case "/slow":
			<-r.Context().Done()
		case "/304":
			w.WriteHeader(http.StatusNotModified)
		default:
			http.Error(w, "no", http.StatusTeapot)
		}
	}))
	defer s.Close()
	limits := transport.Limits{Bytes: 2048, Header: http.Header{"Authorization": {"bearer x"}}}
	tagged := limits
	tagged.ETag = `"old"`
	for _, tt := range []struct {
		path       string
		limits     transport.Limits
		body, etag string
		fails      bool
	}{
		{"/header", limits, "application/jsonbearer x", "", false},
		{"/tagged", limits, "", `"new"`, false},
		{"/tagged", tagged, "", `"old"`, false},
		{"/large", limits, "", "", true},
		{"/large", transport.Limits{Bytes: 2049}, strings.Repeat("x", 2049), "", false},
		{"/short", limits, "", "", true},
		{"/304", limits, "", "", true},
		{"/none", limits, "", "", true},
		{"/slow", transport.Limits{Bytes: 1, Time: 10 * time.Millisecond}, "", "", true},
	} {
		body, etag, err := transport.Fetch(t.Context(), s.Client(), s.URL+tt.path, tt.limits)
		if string(body) != tt.body || etag != tt.etag || (err != nil) != tt.fails {
			t.Errorf("Fetch(%s) = %.80q, %s, %v", tt.path, body, etag, err)
		}
	}
	var status *transport.StatusError
	if _, _, err := transport.Fetch(t.Context(), s.Client(), s.URL, limits); !errors.As(err, &status) ||
		status.Status != http.StatusTeapot {
		t.Errorf("error = %v, want a *StatusError", err)
	}
	var size *transport.SizeError
	if _, _, err := transport.Fetch(t.Context(), s.Client(), s.URL+"/large", limits); !errors.As(err, &size) ||
		size.Limit != 2048 {
		t.Errorf("error = %v, want a *SizeError", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := transport.Fetch(ended, s.Client(), s.URL, limits); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
	if _, _, err := transport.Fetch(t.Context(), s.Client(), "http://%zz", limits); err == nil {
		t.Error("an address that is none is fetched")
	}
}

func TestWithoutRedirects(t *testing.T) {
	s := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusFound))
	defer s.Close()
	var status *transport.StatusError
	_, _, err := transport.Fetch(t.Context(), transport.WithoutRedirects(s.Client()), s.URL, transport.Limits{Bytes: 1})
	if !errors.As(err, &status) || status.Status != http.StatusFound {
		t.Errorf("error = %v, want the redirect", err)
	}
}
