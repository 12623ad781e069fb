package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"m2m/internal/jwks"
	"m2m/internal/verify"
)

func TestQuoted(t *testing.T) {
	jwt := "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
	for in, want := range map[string]string{
		"":                                     "",
		"/secure-data":                         "/secure-data",
		`a"b\c`:                                `a"b\c`,
		"a\nb\x00\x1b[2J":                      `a\nb\x00\x1b[2J`,
		"Müller":                               "Müller",
		"\u202e\u2028":                         `\u202e\u2028`,
		"\xff":                                 `\xff`,
		"/a/" + jwt + "/b":                     "/a/[redacted]/b",
		strings.Repeat("A", 101):               "[redacted]",
		strings.Repeat("/a", 100):              strings.Repeat("/a", 64) + "…",
		"6babcaad-604b-40ac-a9d7-9fd97c0b779f": "6babcaad-604b-40ac-a9d7-9fd97c0b779f",
		"https://sts.windows.net/6babcaad-604b-40ac-a9d7-9fd97c0b779f/": "https://sts.windows.net/6babcaad-604b-40ac-a9d7-9fd97c0b779f/",
		strings.Repeat("é/", 60): strings.Repeat("é/", 42) + "é…",
	} {
		if got := quoted(in); got != want {
			t.Errorf("quoted(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzQuoted(f *testing.F) {
	for _, seed := range []string{"", "/a b", "a\r\nb", "\xff\xfe", strings.Repeat("é", 300),
		"eyJ" + strings.Repeat("a.", 3000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := quoted(s)
		if len(got) > 10*maxLogged+len("…") {
			t.Errorf("%d bytes", len(got))
		}
		if strings.ContainsFunc(got, func(c rune) bool { return !unicode.IsPrint(c) }) {
			t.Errorf("%q has a character that does not print", got)
		}
	})
}

// TestPanic makes handlers fail, which none of the API's own does.
func TestPanic(t *testing.T) {
	const token = "opaque-token"
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		status  int // 0: the connection is cut
		logged  string
	}{
		"by a value with a token": {func(http.ResponseWriter, *http.Request) { panic("failed with " + token) }, 500,
			"string"},
		"by an error": {func(http.ResponseWriter, *http.Request) { panic(errors.New(token)) }, 500,
			"*errors.errorString"},
		"by the runtime": {func(_ http.ResponseWriter, r *http.Request) { _ = r.Header["A"][1] }, 500,
			"runtime error: index out of range [1] with length 0"},
		"half-way": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("half"))
			panic(token)
		}, 0, "string"},
		"after early hints": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			panic(token)
		}, 500, "string"},
		"abort": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			api, err := New(Config{Verifier: &verify.Verifier{}, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			api.routes["/fail"] = methods{http.MethodGet: tc.handler}
			server := httptest.NewServer(api)
			response, err := http.Get(server.URL + "/fail")
			server.Close() // the log is complete now
			if err == nil {
				defer response.Body.Close()
			}
			switch {
			case tc.status == 0 && err == nil && response.ContentLength >= 0:
				t.Errorf("a whole answer: %s", response.Status)
			case tc.status != 0 && (err != nil || response.StatusCode != tc.status):
				t.Errorf("got %v %v, want %d", response, err, tc.status)
			}
			var line struct{ Panic, Stack string }
			_ = json.Unmarshal(log.Bytes(), &line)
			if line.Panic != tc.logged || strings.Contains(log.String(), token) || tc.logged != "" && line.Stack == "" {
				t.Errorf("log = %s, want the panic %q", log.String(), tc.logged)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	for want, why := range map[string]error{
		"5":   errors.New("of unknown length"),
		"1":   &jwks.UnreachableError{RetryAfter: time.Millisecond, Err: errors.New("down")},
		"30":  &verify.Error{RetryAfter: 30 * time.Second, Reason: verify.ErrKeysUnreachable, Outcome: verify.ErrUndecided},
		"300": &jwks.UnreachableError{RetryAfter: time.Hour, Err: errors.New("down")},
	} {
		if got := retryAfter(why); got != want {
			t.Errorf("%v: Retry-After %s, want %s", why, got, want)
		}
	}
}
