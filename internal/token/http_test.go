package token_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"m2m/internal/explain"
	"m2m/internal/token"
)

// acquire asks once and returns the error.
func acquire(t *testing.T, c *token.Client, r token.Request) error {
	t.Helper()
	_, err := c.Acquire(t.Context(), r)
	return err
}

// faults that the token endpoint can have, n times or always.
func always(answer http.HandlerFunc) func(http.ResponseWriter, *http.Request, int) bool {
	return func(w http.ResponseWriter, r *http.Request, _ int) bool { answer(w, r); return true }
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "Too Many Requests")
	}
}

func TestUnusableAnswersAreOutages(t *testing.T) {
	leaked := make(chan string, 10)
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		leaked <- string(body)
	}))
	defer thief.Close()
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   error
		asked  int
	}{
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
		}, token.ErrRedirect, 1},
		{"endless body", func(w http.ResponseWriter, r *http.Request) {
			for range 2 << 10 {
				_, _ = w.Write(make([]byte, 1<<10))
			}
		}, token.ErrAnswerSize, 1},
		{"HTML with 200", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "<html>sign in to the hotel</html>")
		}, token.ErrNotEntra, 1},
		{"HTML with 403", status(http.StatusForbidden), token.ErrNotEntra, 1},
		{
			"no token in it",
			func(w http.ResponseWriter, r *http.Request) { writeJSON(w, 200, map[string]any{"expires_in": 3599}) },
			token.ErrNotEntra, 1,
		},
		{"line end in the token", func(w http.ResponseWriter, r *http.Request) {
			writeJSON(w, 200, map[string]any{"access_token": "a\r\nX-Evil: 1", "expires_in": 3599})
		}, token.ErrNotEntra, 1},
		{"overloaded", status(http.StatusServiceUnavailable), token.ErrUnavailable, 4},
		{"busy", status(http.StatusTooManyRequests, "Retry-After", "1"), token.ErrUnavailable, 4},
		{"busy for long", status(http.StatusTooManyRequests, "Retry-After", "60"), token.ErrRetryTooFar, 1},
		{"not implemented", status(http.StatusNotImplemented), token.ErrUnavailable, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStandIn(t)
			s.fault = always(tt.answer)
			err := acquire(t, s.client(""), s.request())
			var outage *token.Outage
			if !errors.As(err, &outage) || !errors.Is(err, tt.want) || !errors.Is(err, token.ErrUnavailable) ||
				errors.Is(err, token.ErrRefused) {
				t.Fatalf("error = %v, want an Outage of %v", err, tt.want)
			}
			if len(explain.CommandLine.Hints(outage)) == 0 {
				t.Error("no hint")
			}
			if n := s.count(); n != tt.asked {
				t.Errorf("asked %d times, want %d", n, tt.asked)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the secret is shown: %v", err)
			}
		})
	}
	if len(leaked) != 0 {
		t.Errorf("the redirect was followed with %q", <-leaked)
	}
}

// TestPlainHTTPTokenEndpoint: MSAL itself would send the secret in clear.
func TestPlainHTTPTokenEndpoint(t *testing.T) {
	asked := 0
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer plain.Close()
	s := newStandIn(t)
	s.endpoint = plain.URL + "/token"
	if err := acquire(t, s.client(""), s.request()); !errors.Is(err, token.ErrPlainHTTP) {
		t.Errorf("error = %v, want ErrPlainHTTP", err)
	}
	if asked != 0 {
		t.Error("the secret crossed the network in clear")
	}
}

// TestForeignTokenEndpoint: a discovery document may not send the secret to another
// host than the authority's.
func TestForeignTokenEndpoint(t *testing.T) {
	s, other := newStandIn(t), newStandIn(t)
	s.endpoint = other.endpoint
	err := acquire(t, s.client(""), s.request())
	if !errors.Is(err, token.ErrForeignEndpoint) || !errors.Is(err, token.ErrUnavailable) || other.count() != 0 {
		t.Errorf("error = %v, want ErrForeignEndpoint; %d requests to the other host", err, other.count())
	}
}

func TestTransientFaultsAreRetried(t *testing.T) {
	for _, code := range []int{408, 429, 500, 502, 503, 504} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			s := newStandIn(t)
			s.fault = func(w http.ResponseWriter, r *http.Request, nth int) bool {
				if nth < 3 {
					status(code, "Retry-After", "2")(w, r)
				}
				return nth < 3
			}
			var pauses []time.Duration
			c := s.client("")
			c.Wait = func(ctx context.Context, d time.Duration) error { pauses = append(pauses, d); return ctx.Err() }
			if err := acquire(t, c, s.request()); err != nil {
				t.Fatal(err)
			}
			if len(pauses) != 2 || pauses[0] < 2*time.Second {
				t.Errorf("paused %v, want twice at least the 2 s that were asked for", pauses)
			}
			if s.lastForm()["client_secret"] != secret {
				t.Error("the body was not sent again")
			}
		})
	}
}

func TestBrokenConnectionIsRetried(t *testing.T) {
	s := newStandIn(t)
	s.fault = func(w http.ResponseWriter, r *http.Request, nth int) bool {
		if nth == 1 {
			panic(http.ErrAbortHandler)
		}
		return false
	}
	if err := acquire(t, s.client(""), s.request()); err != nil {
		t.Fatal(err)
	}
}

func TestDiscoveryRefusalIsARefusal(t *testing.T) {
	s := newStandIn(t)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, 400, map[string]any{"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant not found."})
	})
	err := acquire(t, s.client(""), s.request())
	var refusal *token.Refusal
	if !errors.As(err, &refusal) || refusal.AADSTS[0] != 90002 || !errors.Is(err, token.ErrRefused) {
		t.Fatalf("error = %v, want AADSTS90002", err)
	}
}
