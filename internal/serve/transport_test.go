package serve_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"m2m/internal/serve"
)

// TestLetIn lists the spellings of a request that RFC 9110 and RFC 6750 allow.
func TestLetIn(t *testing.T) {
	s := raise(t, serve.Config{})
	good := s.token(t, appClaims(nil))
	for name, request := range map[string]string{
		"as usual":        "GET /secure-data HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + good + "\r\n\r\n",
		"lower case":      "GET /secure-data HTTP/1.1\r\nHost: a\r\nauthorization: bearer " + good + "\r\n\r\n",
		"upper case":      "GET /secure-data HTTP/1.1\r\nHost: a\r\nAUTHORIZATION: BEARER " + good + "\r\n\r\n",
		"two spaces":      "GET /secure-data HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer  " + good + "\r\n\r\n",
		"trailing spaces": "GET /secure-data HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + good + "  \r\n\r\n",
		"other parameters": "GET /secure-data?token=x&access_tokens=y HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + good +
			"\r\n\r\n",
		"absolute form": "GET http://a/secure-data HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + good + "\r\n\r\n",
		"HTTP/1.0":      "GET /secure-data HTTP/1.0\r\nAuthorization: Bearer " + good + "\r\n\r\n",
		"innocent form": form("GET", "Authorization: Bearer "+good+"\r\n", "a=b&c=access_token"),
		"not a form": strings.Replace(form("GET", "Authorization: Bearer "+good+"\r\n", "access_token=x"),
			"application/x-www-form-urlencoded", "text/plain", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if got := s.raw(t, request); got.status != http.StatusOK {
				t.Errorf("status = %d, want 200: %s", got.status, got.body)
			}
		})
	}
}

// form is a request with a form body.
func form(method, headers, body string) string {
	return fmt.Sprintf("%s /secure-data HTTP/1.1\r\nHost: a\r\n%sContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s", method, headers, len(body), body)
}

// TestKeptOut lists the ways to carry a good token that are not to work.
func TestKeptOut(t *testing.T) {
	s := raise(t, serve.Config{MaxBody: 8 << 10})
	good := s.token(t, appClaims(nil))
	start := "GET /secure-data HTTP/1.1\r\nHost: a\r\n"
	header := "Authorization: Bearer " + good + "\r\n"
	for name, tc := range map[string]struct {
		request string
		status  int
	}{
		"tab for the space":      {start + "Authorization: Bearer\t" + good + "\r\n\r\n", 400},
		"tab in the token":       {start + "Authorization: Bearer " + good[:40] + "\t" + good[40:] + "\r\n\r\n", 400},
		"space in the token":     {start + "Authorization: Bearer " + good[:40] + " " + good[40:] + "\r\n\r\n", 400},
		"bearer twice":           {start + "Authorization: Bearer Bearer " + good + "\r\n\r\n", 400},
		"comma after the token":  {start + "Authorization: Bearer " + good + ",\r\n\r\n", 400},
		"equals sign":            {start + "Authorization: Bearer=" + good + "\r\n\r\n", 400},
		"quotes":                 {start + "Authorization: Bearer \"" + good + "\"\r\n\r\n", 401},
		"obs-fold in the token":  {start + "Authorization: Bearer " + good[:40] + "\r\n " + good[40:] + "\r\n\r\n", 400},
		"LF in the token":        {start + "Authorization: Bearer " + good[:40] + "\n" + good[40:] + "\r\n\r\n", 400},
		"CR in the token":        {start + "Authorization: Bearer " + good[:40] + "\r" + good[40:] + "\r\n\r\n", 400},
		"NUL in the token":       {start + "Authorization: Bearer " + good[:40] + "\x00" + good[40:] + "\r\n\r\n", 400},
		"space before the colon": {start + "Authorization : Bearer " + good + "\r\n\r\n", 400},
		"headers of two cases": {start + "Authorization: Bearer " + good + "\r\nAUTHORIZATION: Bearer " + good +
			"\r\n\r\n", 400},
		"proxy header":            {start + "Proxy-Authorization: Bearer " + good + "\r\n\r\n", 401},
		"form":                    {form("GET", "", "a=b&access_token="+good), 401},
		"form by POST":            {form("POST", "", "access_token="+good), 405},
		"form and header":         {form("GET", header, "access_token="+good), 400},
		"form, name escaped":      {form("GET", header, "%61ccess_token="+good), 400},
		"form, after a semicolon": {form("GET", header, "a=b;access_token="+good), 400},
		"form longer than it may": {form("GET", "", strings.Repeat("a", 8<<10+1)), 413},
		"form without an end":     {chunkedForm("", 9<<10), 401},
		"and a token":             {chunkedForm(header, 9<<10), 413},
		"token of 30 kB":          {start + "Authorization: Bearer " + strings.Repeat("a", 30_000) + "\r\n\r\n", 401},
		"header of 2 MB":          {start + "Authorization: Bearer " + strings.Repeat("a", 2<<20) + "\r\n\r\n", 431},
		"10,000 headers":          {start + strings.Repeat("X-A: b\r\n", 10_000) + "\r\n", 431},
		"no host":                 {"GET /secure-data HTTP/1.1\r\nAuthorization: Bearer " + good + "\r\n\r\n", 400},
		"two lengths": {start + "Content-Length: 1\r\nContent-Length: 2\r\nAuthorization: Bearer " + good +
			"\r\n\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			if got := s.raw(t, tc.request); got.status != tc.status {
				t.Errorf("status = %d, want %d: %s", got.status, tc.status, got.body)
			}
		})
	}
}

// chunkedForm announces no length and sends n bytes.
func chunkedForm(headers string, n int) string {
	return "GET /secure-data HTTP/1.1\r\nHost: a\r\n" + headers + "Content-Type: application/x-www-form-urlencoded\r\n" +
		fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", n, strings.Repeat("a", n))
}

func TestHeadAndOptions(t *testing.T) {
	s := raise(t, serve.Config{})
	good := s.token(t, appClaims(nil))
	get := s.get(t, good)
	head := s.do(t, "HEAD /secure-data", "Authorization: Bearer "+good)
	if head.status != http.StatusOK || head.body != "" ||
		head.header.Get("Content-Length") != get.header.Get("Content-Length") {
		t.Errorf("HEAD = %d %q, length %q, want 200 with the length of GET, %q", head.status, head.body,
			head.header.Get("Content-Length"), get.header.Get("Content-Length"))
	}
	if got := s.do(t, "HEAD /secure-data"); got.status != http.StatusUnauthorized ||
		got.header.Get("WWW-Authenticate") == "" {
		t.Errorf("HEAD without a token = %d, want 401 with a challenge", got.status)
	}
	const allow = "GET, HEAD, OPTIONS"
	if got := s.do(t, "OPTIONS /secure-data"); got.status != http.StatusNoContent || got.header.Get("Allow") != allow {
		t.Errorf("OPTIONS = %d, Allow %q, want 204, %q", got.status, got.header.Get("Allow"), allow)
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} {
		got := s.do(t, method+" /secure-data", "Authorization: Bearer "+good)
		if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != allow {
			t.Errorf("%s = %d, Allow %q, want 405, %q", method, got.status, got.header.Get("Allow"), allow)
		}
		got.problem(t)
	}
	if got := s.do(t, "OPTIONS /nowhere"); got.status != http.StatusNotFound {
		t.Errorf("OPTIONS of an unknown path = %d, want 404", got.status)
	}
}

// TestDeclaredBody rejects a body by its length, before a byte of it is read.
func TestDeclaredBody(t *testing.T) {
	s := raise(t, serve.Config{})
	got := s.raw(t, "POST /secure-data HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n")
	if p := got.problem(t); got.status != http.StatusRequestEntityTooLarge ||
		p["detail"] != "the body is larger than 1048576 bytes" {
		t.Errorf("got %d %v, want 413", got.status, p)
	}
}
