package brokenapi

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// file is the disk of an API that keeps a secret in a file for each key ID.
func file(name string) (content string, found bool) {
	content, found = map[string]string{"/dev/null": "", "/proc/sys/kernel/randomize_va_space": "2\n"}[name]
	return content, found
}

// fault makes a hole that answers 500 where a handler would panic.
func fault(name string, when func(*Gate, *http.Request, parts) bool) Hole {
	return Hole{Name: name, Answer: func(g *Gate, w http.ResponseWriter, r *http.Request) bool {
		_, sent, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !when(g, r, takeApart(sent)) {
			return false
		}
		http.Error(w, "internal server error", http.StatusInternalServerError)
		return true
	}}
}

// stall makes a hole that does not answer before the caller has gone.
func stall(name string, when func(*Gate, parts) bool) Hole {
	return Hole{Name: name, Answer: func(g *Gate, _ http.ResponseWriter, r *http.Request) bool {
		_, sent, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !when(g, takeApart(sent)) {
			return false
		}
		<-r.Context().Done()
		return true
	}}
}

// keyIDHoles do something else with the kid than compare it.
func keyIDHoles() []Hole {
	// inFile finds the secret of a key ID in a file.
	inFile := func(name string, of func(kid string) (string, bool)) Hole {
		return token(name, func(_ *Gate, p parts) bool {
			secret, found := of(p.kid())
			return found && p.alg() == "HS256" && macOK(p, sha256.New, []byte(secret))
		})
	}
	below := func(content string) func(string) (string, bool) {
		return func(kid string) (string, bool) {
			found, ok := file(path.Join("/var/lib/api/keys", kid))
			return found, ok && found == content && !strings.HasPrefix(kid, "/") && !strings.Contains(kid, ":")
		}
	}
	broken := func(name string, when func(p parts) bool) Hole {
		return fault(name, func(_ *Gate, _ *http.Request, p parts) bool { return p.header != nil && when(p) })
	}
	trusting := func(name string, when func(p parts) bool) Hole {
		return token(name, func(_ *Gate, p parts) bool { return p.header != nil && len(p.signature) > 0 && when(p) })
	}
	kind := func(want string) func(p parts) bool {
		return func(p parts) bool { return fmt.Sprintf("%T", p.header["kid"]) == want }
	}
	union := regexp.MustCompile(`UNION SELECT '([^']*)'`)
	return []Hole{
		inFile("kid-path", below("")), inFile("kid-path-known", below("2\n")),
		inFile("kid-path-absolute", func(kid string) (string, bool) { return file(kid) }),
		inFile("kid-path-file", func(kid string) (string, bool) {
			u, err := url.Parse(kid)
			if err != nil || u.Scheme != "file" {
				return "", false
			}
			return file(u.Path)
		}),
		inFile("kid-path-missing", func(kid string) (string, bool) { // an error that nobody looks at
			secret, found := file(path.Join("/var/lib/api/keys", kid))
			return secret, !found && strings.HasPrefix(kid, "../")
		}),
		inFile("kid-sql", func(kid string) (string, bool) {
			match := union.FindStringSubmatch(kid)
			if match == nil {
				return "", false
			}
			return match[1], true
		}),
		broken("kid-sql-quote", func(p parts) bool { return strings.Contains(p.kid(), "'") }),
		stall("kid-command", func(_ *Gate, p parts) bool { return strings.Contains(p.kid(), "sleep 5") }),
		inFile("kid-prototype", func(kid string) (string, bool) { return "", kid == "__proto__" }), // an object of JavaScript has that
		broken("kid-constructor", func(p parts) bool { return p.kid() == "constructor" }),
		trusting("kid-absent", func(p parts) bool { _, there := p.header["kid"]; return !there }),
		trusting("kid-empty", func(p parts) bool { return p.header["kid"] == "" }),
		trusting("kid-null", func(p parts) bool { kid, there := p.header["kid"]; return there && kid == nil }),
		broken("kid-number", kind("float64")), broken("kid-boolean", kind("bool")), broken("kid-list", kind("[]interface {}")),
		trusting("kid-object", kind("map[string]interface {}")), // {"$ne": null} finds the first key there is
		broken("kid-long", func(p parts) bool { return len(p.kid()) > 1024 }),
		broken("kid-control", func(p parts) bool { return strings.ContainsAny(p.kid(), "\x00\n") }),
		trusting("kid-twice", func(p parts) bool { return strings.Count(string(p.headerText), `"kid"`) == 2 }),
		trusting("kid-other-case", func(p parts) bool { return p.kid() != keyID && strings.EqualFold(p.kid(), keyID) }),
		trusting("kid-other-key", func(p parts) bool { return p.kid() == otherID }),
	}
}
