package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"testing"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/token"
)

func TestCodeOf(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want exit.Code
	}{
		"none":                {nil, exit.Done},
		"unknown":             {fs.ErrNotExist, exit.Unexpected},
		"settings":            {fmt.Errorf("x: %w", token.ErrSettings), exit.Usage},
		"identity provider":   {token.ErrRefused, exit.Provider},
		"time-out":            {context.DeadlineExceeded, exit.Unknown},
		"expectation":         {call.ErrExpectation, exit.Unmet},
		"cancelled":           {context.Canceled, exit.Interrupted},
		"signal":              {exit.SignalError{Signal: os.Interrupt}, exit.Interrupted},
		"reported":            {exit.Reported{Code: 42}, 42},
		"own code wins":       {exit.Errorf(exit.Unknown, "x").Wrap(token.ErrRefused), exit.Unknown},
		"own code, joined":    {errors.Join(fs.ErrExist, exit.Usagef("x")), exit.Usage},
		"first of two in one": {errors.Join(exit.Errorf(exit.Unmet, "a"), exit.Usagef("b")), exit.Unmet},
	} {
		if got := CodeOf(tt.err); got != tt.want {
			t.Errorf("%s: exit code %d, want %d", name, got, tt.want)
		}
	}
}

func TestWordHidesWhatMayBeASecret(t *testing.T) {
	for argument, want := range map[string]string{
		"tokn":          `"tokn"`,
		"abcdefghijkl":  `"abcdefghijkl"`,
		"abcdefghijklm": "(13 bytes, not shown: it may be a secret)",
		"8Q~x":          "(4 bytes, not shown: it may be a secret)",
		"":              "(0 bytes, not shown: it may be a secret)",
	} {
		if got := Word(argument); got != want {
			t.Errorf("Word(%q) = %s, want %s", argument, got, want)
		}
	}
}

func TestAsksForJSON(t *testing.T) {
	for _, args := range [][]string{{"call", "-o", "json"}, {"-ojson"}, {"-o=json"}, {"--output", "json"},
		{"--output=json"}} {
		if !asksForJSON(args) {
			t.Errorf("%q: false", args)
		}
	}
	for _, args := range [][]string{nil, {"-o"}, {"-o", "text"}, {"serve", "--", "x", "-o", "json"}} {
		if asksForJSON(args) {
			t.Errorf("%q: true", args)
		}
	}
}

// TestThroughTenant: only requests to login hosts go through the local tenant.
func TestThroughTenant(t *testing.T) {
	usual := func(*http.Request) (*url.URL, error) { return nil, nil }
	proxy := throughTenant(entra.NewSecret("http://m2m:password@127.0.0.1:9"), usual)
	for host, want := range map[string]string{"login.microsoftonline.com": "127.0.0.1:9", "api.example.com": ""} {
		got, err := proxy(&http.Request{URL: &url.URL{Scheme: "https", Host: host}})
		if err != nil || (got == nil) != (want == "") || got != nil && got.Host != want {
			t.Errorf("%s: proxy %v, error %v; want %q", host, got, err, want)
		}
	}
}

// TestSay redacts secrets and escapes control characters.
func TestSay(t *testing.T) {
	var out bytes.Buffer
	(&Env{Stderr: &out}).Say("%s\x1b[2J", "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl")
	if got, want := out.String(), "m2m: [redacted]\\x1b[2J\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}
