package call_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"m2m/internal/call"
	"m2m/internal/explain"
)

func TestResolveURL(t *testing.T) {
	const base = "https://api.example.org"
	for _, tt := range []struct{ base, arg, want string }{
		{base, "/secure-data", base + "/secure-data"},
		{base + "/", "/secure-data", base + "/secure-data"},
		{base + "/v1/", "/secure-data", base + "/v1/secure-data"},
		{base, "", base},
		{base, "?q=1", base + "?q=1"},
		{base, "/a/?q=a%20b&c=d", base + "/a/?q=a%20b&c=d"},
		{base, "/trailing/", base + "/trailing/"},
		{base, "/a%2Fb/../c", base + "/a%2Fb/../c"},
		{base, "/here#there", base + "/here"},
		{base, "/äpfel", base + "/%C3%A4pfel"},
		{base, "http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"},
		{base, "http://[::1]:8000/x", "http://[::1]:8000/x"},
		{base, "HTTPS://other.example/x", "https://other.example/x"},
		{"", "https://other.example/x", "https://other.example/x"},
		{base, "/x?to=https://other.example", base + "/x?to=https://other.example"},
	} {
		u, err := call.ResolveURL(tt.base, tt.arg)
		if err != nil {
			t.Errorf("ResolveURL(%q, %q): %v", tt.base, tt.arg, err)
			continue
		}
		if u.String() != tt.want {
			t.Errorf("ResolveURL(%q, %q) = %s, want %s", tt.base, tt.arg, u, tt.want)
		}
	}
}

func TestResolveURLRefuses(t *testing.T) {
	const base = "https://api.example.org"
	for _, tt := range []struct{ name, base, arg, reason, hint string }{
		{"scheme forgotten", base, "api.example.org:8443/x", "it has no scheme", "write https://api.example.org:8443/x"},
		{"scheme forgotten, loopback", base, "localhost:8000/x", "it has no scheme", "write http://localhost:8000/x"},
		{"scheme forgotten, IPv6", base, "[::1]:8000/x", "it has no scheme", "write http://[::1]:8000/x"},
		{"slash forgotten", base, "secure-data", "neither a path nor an address", "write /secure-data"},
		{"another host as a path", base, "//evil.example/x", "two slashes", "https://evil.example/x"},
		{"file", base, "file:///etc/passwd", `its scheme is "file"`, "http or https"},
		{"no slashes", base, "mailto:a@example.org", `its scheme is "mailto"`, "http or https"},
		{"user", base, "https://user:hunter2@example.org/", "a user name or a password", "leave them out"},
		{"line break", base, "/x\r\nHost: evil", "control character", "%20"},
		{"space", base, "/a b", "a space", "%20"},
		{"C1 control", base, "/a\u0085b", "control character", ""},
		{"a letter that Unicode lowers to an i", base, "https://apİ.example.org/x", "beyond ASCII", "xn--"},
		{"the same, escaped", base, "https://ap%C4%B0.example.org/x", "beyond ASCII", "xn--"},
		{"localhost of another alphabet", base, "http://localhoſt/x", "beyond ASCII", "xn--"},
		{"base of another alphabet", "https://bücher.example", "/x", "beyond ASCII", "xn--"},
		{"no host", base, "https:///x", "names no host", ""},
		{"port too large", base, "https://h:70000/", "1 to 65535", ""},
		{"port zero", base, "https://h:0/", "1 to 65535", ""},
		{"port empty", base, "https://h:/", "1 to 65535", ""},
		{"bad escape", base, "/%zz", "does not parse", ""},
		{"too long", base, "/" + strings.Repeat("a", 9000), "longer than", ""},
		{"base with a query", base + "/?x=1", "/y", "has a query", "before the question mark"},
		{"base empty", "", "/y", "neither a path", ""},
		{"base without scheme", "api.example.org:8000", "/y", "no scheme", "https://api.example.org:8000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, err := call.ResolveURL(tt.base, tt.arg)
			var bad *call.AddressError
			if !errors.As(err, &bad) || !errors.Is(err, call.ErrAddress) {
				t.Fatalf("ResolveURL = %v, %v; want an *AddressError", u, err)
			}
			if !strings.Contains(bad.Reason, tt.reason) {
				t.Errorf("reason %q, want %q in it", bad.Reason, tt.reason)
			}
			if hints := strings.Join(explain.CommandLine.Hints(bad), "\n"); !strings.Contains(hints, tt.hint) {
				t.Errorf("hints %q, want %q in them", hints, tt.hint)
			}
			if text := err.Error() + strings.Join(explain.CommandLine.Hints(bad), ""); strings.Contains(text, "hunter2") ||
				strings.ContainsAny(text, "\r\n") || len(text) > 1000 {
				t.Errorf("unfit to be shown: %q", text)
			}
		})
	}
}

func FuzzResolveURL(f *testing.F) {
	for _, s := range []string{
		"/secure-data", "//evil", "/\\evil", "https://a@b/", "localhost:8000/x", "?x", "", "/../..//x",
		"https://[::1%25en0]/", "/@evil.example", ":@", "https://apİ.example/", "http:/x",
		"/" + strings.Repeat("é", 3000), // as bytes it fits, escaped it does not
		".evil.example/x", "/%2f%2fevil", "#x", "https:evil",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		u, err := call.ResolveURL("https://api.example.org/base", arg)
		if err != nil {
			if u != nil || !errors.Is(err, call.ErrAddress) || len(err.Error()) > 2000 {
				t.Fatalf("ResolveURL(%q) = %v, %v", arg, u, err)
			}
			return
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
			strings.ContainsFunc(u.Host, func(r rune) bool { return r > '~' }) {
			t.Fatalf("ResolveURL(%q) = %#v", arg, u)
		}
		// What is not an absolute address stays at the API, and under its path.
		if absolute, err := url.Parse(arg); err == nil && absolute.Scheme == "" &&
			(u.Host != "api.example.org" || !strings.HasPrefix(u.EscapedPath(), "/base")) {
			t.Fatalf("ResolveURL(%q) leaves the API: %s", arg, u)
		}
		again, err := call.ResolveURL("", u.String())
		if err != nil || again.String() != u.String() {
			t.Fatalf("ResolveURL(%q) = %s, which is not stable: %v, %v", arg, u, again, err)
		}
	})
}
