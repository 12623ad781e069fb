package forge

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
	by := func(method string) func(*Kit, string) Request {
		return func(k *Kit, _ string) Request { return k.base.withMethod(method) }
	}
	override := func(value string) func(*Kit, string) Request {
		return func(k *Kit, _ string) Request {
			return k.base.WithField("X-HTTP-Method-Override", value).WithField("X-HTTP-Method", value).WithField("X-Method-Override", value)
		}
	}
	cases := placementCases(Method, AnybodyRuns, fixMethod, NoMethod,
		placement{"method-head", "HEAD without a token", by("HEAD")},
		placement{"method-trace", "TRACE without a token", by("TRACE")},
		placement{"method-unknown", "an unknown method, without a token", by("PROBE")},
		placement{"method-lower", "the method in small letters, without a token", func(k *Kit, _ string) Request {
			return k.base.withMethod(strings.ToLower(k.base.Method))
		}},
		placement{"method-override-options", "X-HTTP-Method-Override: OPTIONS without a token", override("OPTIONS")},
		placement{"method-override-head", "X-HTTP-Method-Override: HEAD without a token", override("HEAD")},
	)
	cases = append(cases, placementCases(Method, AnybodyIn, fixMethod, Preflight,
		placement{"method-options", "OPTIONS without a token", by("OPTIONS")},
		placement{"method-preflight", "a preflight of CORS without a token", func(k *Kit, _ string) Request {
			return k.base.withMethod("OPTIONS").WithField("Origin", "https://m2m-probe.invalid").
				WithField("Access-Control-Request-Method", k.base.Method)
		}},
	)...)
	return append(cases, placementCases(Method, AnybodyIn, fixMethod, Rejection,
		placement{"http-1-0", "HTTP/1.0 without a token", func(k *Kit, _ string) Request {
			r := k.base
			r.proto = "HTTP/1.0"
			return r
		}},
		placement{"absolute-form", "the whole address in the request line, without a token", func(k *Kit, _ string) Request {
			return k.base.WithTarget("http://" + k.base.host + k.base.Target)
		}},
	)...)
}

// cacheCases come first, right after the valid token got its answer.
func cacheCases() []Case {
	return placementCases(Cache, AnybodyIn, fixCache, Rejection,
		placement{"cached-answer", "no token, right after the valid one", func(k *Kit, _ string) Request { return k.base }},
	)
}

// pathCases send no token to other spellings of the path. Where the API has a
// page for every address, only the protected content counts.
func pathCases() []Case {
	to := func(change func(path string) string) func(*Kit, string) Request {
		return func(k *Kit, _ string) Request { return k.base.WithTarget(change(k.base.Path()) + k.base.query()) }
	}
	before := func(s string) func(string) string { return func(path string) string { return s + path } }
	after := func(s string) func(string) string { return func(path string) string { return path + s } }
	cases := placementCases(Path, AnybodyIn, fixPath, OtherPage,
		placement{"path-double-slash", "two slashes before the path", to(before("/"))},
		placement{"path-slash-last", "a slash after the path", to(after("/"))},
		placement{"path-dot", "/. before the path", to(before("/."))},
		placement{"path-dot-last", "/. after the path", to(after("/."))},
		placement{"path-dot-dot", "/m2m/.. before the path", to(before("/m2m/.."))},
		placement{"path-dot-dot-encoded", "/m2m/%2e%2e before the path", to(before("/m2m/%2e%2e"))},
		placement{"path-semicolon", "/m2m/..; before the path", to(before("/m2m/..;"))},
		placement{"path-parameter", ";m2m=1 after the path", to(after(";m2m=1"))},
		placement{"path-encoded", "the first letter of the path as %XX", to(encodeLetter("%"))},
		placement{"path-encoded-twice", "the first letter of the path as %25XX", to(encodeLetter("%25"))},
		placement{"path-encoded-slash", "%2F after the last slash", to(func(path string) string {
			at := strings.LastIndexByte(path, '/')
			return path[:at] + "/%2F" + path[at+1:]
		})},
		placement{"path-backslash", "a backslash before the path", to(before(`/\`))},
		placement{"path-upper", "the path in capital letters", to(strings.ToUpper)},
		placement{"path-nul", "%00 after the path", to(after("%00"))},
		placement{"path-space", "%20 after the path", to(after("%20"))},
		placement{"path-line-end", "%0A after the path", to(after("%0A"))},
		placement{"path-json", ".json after the path", to(after(".json"))},
		placement{"path-static", "/m2m.css after the path", to(after("/m2m.css"))},
		placement{"path-fragment", "a fragment after the path", to(after("#m2m"))},
		placement{"path-question", "a question mark after the path", func(k *Kit, _ string) Request {
			return k.base.WithTarget(k.base.Target + "?")
		}},
	)
	for i := range cases {
		cases[i].MayClose = true // some of these are no valid request line
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
