package probe

import (
	"strings"
	"unicode"
)

const (
	fixMethod = "put the check in front of every method, not only of those that have a handler"
	fixPath   = "put the check behind the same routing that finds the handler, or in front of every path; decide on one normalised path"
	fixCache  = "let no cache keep what a token opened: Cache-Control: no-store, or private and Vary: Authorization; RFC 9111 section 3.5"
)

// methodCases send no token, and another method or form of request.
func methodCases() []Case {
	by := func(method string) func(*kit, string) request {
		return func(k *kit, _ string) request { return k.base.by(method) }
	}
	override := func(value string) func(*kit, string) request {
		return func(k *kit, _ string) request {
			return k.base.with("X-HTTP-Method-Override", value).with("X-HTTP-Method", value).with("X-Method-Override", value)
		}
	}
	cases := carried(Method, High, fixMethod, noMethod,
		carriage{"method-head", "HEAD without a token", by("HEAD")},
		carriage{"method-trace", "TRACE without a token", by("TRACE")},
		carriage{"method-unknown", "a method that nobody knows, without a token", by("PROBE")},
		carriage{"method-lower", "the method in small letters, without a token", func(k *kit, _ string) request { return k.base.by(strings.ToLower(k.base.method)) }},
		carriage{"method-override-options", "X-HTTP-Method-Override: OPTIONS without a token", override("OPTIONS")},
		carriage{"method-override-head", "X-HTTP-Method-Override: HEAD without a token", override("HEAD")},
	)
	cases = append(cases, carried(Method, Critical, fixMethod, preflight,
		carriage{"method-options", "OPTIONS without a token", by("OPTIONS")},
		carriage{"method-preflight", "a preflight of CORS without a token", func(k *kit, _ string) request {
			return k.base.by("OPTIONS").with("Origin", "https://m2m-probe.invalid").with("Access-Control-Request-Method", k.base.method)
		}},
	)...)
	return append(cases, carried(Method, Critical, fixMethod, refusal,
		carriage{"http-1-0", "HTTP/1.0 without a token", func(k *kit, _ string) request {
			r := k.base
			r.proto = "HTTP/1.0"
			return r
		}},
		carriage{"absolute-form", "the whole address in the request line, without a token", func(k *kit, _ string) request {
			return k.base.to("http://" + k.base.host + k.base.target)
		}},
	)...)
}

// cacheCases come first, while what the valid token opened is still warm.
func cacheCases() []Case {
	return carried(Cache, Critical, fixCache, refusal,
		carriage{"cached-answer", "no token, right after the valid one", func(k *kit, _ string) request { return k.base }},
	)
}

// pathCases send no token to other spellings of the path. Where the API has a
// page for every address, only the protected content counts.
func pathCases() []Case {
	to := func(change func(path string) string) func(*kit, string) request {
		return func(k *kit, _ string) request { return k.base.to(change(k.base.path()) + k.base.query()) }
	}
	before := func(s string) func(string) string { return func(path string) string { return s + path } }
	after := func(s string) func(string) string { return func(path string) string { return path + s } }
	cases := carried(Path, Critical, fixPath, otherPage,
		carriage{"path-double-slash", "two slashes before the path", to(before("/"))},
		carriage{"path-slash-last", "a slash after the path", to(after("/"))},
		carriage{"path-dot", "/. before the path", to(before("/."))},
		carriage{"path-dot-last", "/. after the path", to(after("/."))},
		carriage{"path-dot-dot", "/m2m/.. before the path", to(before("/m2m/.."))},
		carriage{"path-dot-dot-encoded", "/m2m/%2e%2e before the path", to(before("/m2m/%2e%2e"))},
		carriage{"path-semicolon", "/m2m/..; before the path", to(before("/m2m/..;"))},
		carriage{"path-parameter", ";m2m=1 after the path", to(after(";m2m=1"))},
		carriage{"path-encoded", "the first letter of the path as %XX", to(encodeLetter("%"))},
		carriage{"path-encoded-twice", "the first letter of the path as %25XX", to(encodeLetter("%25"))},
		carriage{"path-encoded-slash", "%2F after the last slash", to(func(path string) string {
			at := strings.LastIndexByte(path, '/')
			return path[:at] + "/%2F" + path[at+1:]
		})},
		carriage{"path-backslash", "a backslash before the path", to(before(`/\`))},
		carriage{"path-upper", "the path in capital letters", to(strings.ToUpper)},
		carriage{"path-nul", "%00 after the path", to(after("%00"))},
		carriage{"path-space", "%20 after the path", to(after("%20"))},
		carriage{"path-line-end", "%0A after the path", to(after("%0A"))},
		carriage{"path-json", ".json after the path", to(after(".json"))},
		carriage{"path-static", "/m2m.css after the path", to(after("/m2m.css"))},
		carriage{"path-fragment", "a fragment after the path", to(after("#m2m"))},
		carriage{"path-question", "a question mark after the path", func(k *kit, _ string) request { return k.base.to(k.base.target + "?") }},
	)
	for i := range cases {
		cases[i].mayClose = true // some of these are no valid request line
	}
	return cases
}

// encodeLetter writes the first letter of a path as its number.
func encodeLetter(escape string) func(string) string {
	return func(path string) string {
		at := strings.IndexFunc(path, unicode.IsLetter)
		if at < 0 || path[at] >= 0x80 {
			return path
		}
		const digits = "0123456789abcdef"
		return path[:at] + escape + string(digits[path[at]>>4]) + string(digits[path[at]&15]) + path[at+1:]
	}
}
