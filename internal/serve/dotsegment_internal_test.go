package serve

import "testing"

func TestHasDotSegment(t *testing.T) {
	for _, path := range []string{
		"/..", "/.", "/a/../b", "/a/./b", "/%2e%2e/x", "/%2E./x", "/a/..%2fx", `/a/..\x`, "/a/..%5cx", "/..;/x", "/..;a=b/x",
		"/..%3b/x", "/..%3Ba/x", "/..%00/x", "/..%00a/x", "/%252e%252e/x", "/%25252e%25252e/x", "/..%252fx", "/..%255cx",
		"/..%253b/x", "/..%2500/x", "/%c0%ae%c0%ae/x", "/..%c0%afx", "/%e0%80%ae./x", "/..%c1%9cx", "/%u002e%u002e/x",
		"/%uff0e%uff0e/x", "/..%u2215x/..", "/%ef%bc%8e%ef%bc%8e/x", "/..%20/x", "/%20../x", "/..%09/x", "/..%0a/x", "/..%7f/x",
		"/..%3fx", "/..%23x", "/%e2%80%a5/x", "/%25252525252525252e/x",
	} {
		if !hasDotSegment(path) {
			t.Errorf("%s: no dot segment was found", path)
		}
	}
	for _, path := range []string{
		"", "/", "//", "/a", "/a..b/..c", "/...", "/a.", "/.a", "/..a", "/%41%2f", "/100%25", "/a%2fb", "/%zz/%", "/%u12/x",
		"/caf%c3%a9", "/a;b=c/d", "/.well-known/x", "/a%252fb", "/x?..", "/%e2%80%a6",
	} {
		if hasDotSegment(path) {
			t.Errorf("%s: a dot segment was found", path)
		}
	}
}

func FuzzHasDotSegment(f *testing.F) {
	for _, seed := range []string{"/../a", "/%252e", "/%u002e", "/%c0%ae", "/a/b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if plain := unescapeLax(path); isDotPath(plain) && !hasDotSegment(path) {
			t.Errorf("%q unescapes to %q", path, plain)
		}
	})
}
