package credential

import (
	"strings"
	"testing"
	"unicode/utf8"

	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/refusal"
)

func FuzzAssertion(f *testing.F) {
	f.Add("eyJhbGciOiJSUzI1NiIsIng1dCI6ImErYj0ifQ.eyJleHAiOiIxNzk1NDM1ODAwIiwibmJmIjoxLjUsImF1ZCI6WyJhIl19.AAAA")
	f.Add("e30.bnVsbA.")
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, compact string) {
		a, problem := parseAssertion(compact)
		if (a == nil) == (problem == "") {
			t.Errorf("%q: assertion %v, problem %q", compact, a, problem)
		}
		if problem != "" {
			checkRefusal(t, refusal.MalformedAssertion.With(problem))
			return
		}
		tenant := directory.Builtin()
		refused := checkCertificate(&tenant.Clients[0], a, "https://127.0.0.1:8443", &tenant, a.expires)
		if refused == nil {
			t.Fatal("a client without certificates was let in")
		}
		checkRefusal(t, refused)
		checkRefusal(t, refusal.AssertionForAnother.With(strings.Join(a.audience, " "), "x"))
		if refused := a.checkTimes(a.expires.Add(2 * assertionSkew)); refused != nil {
			checkRefusal(t, refused)
		}
	})
}

// checkRefusal says whether a refusal can be sent: short, one line, text.
func checkRefusal(t *testing.T, r *refusal.Refusal) {
	t.Helper()
	if r.Code == 0 || r.Word == "" || r.Status < 400 {
		t.Errorf("a refusal without code, word or status: %+v", r)
	}
	if len(r.Reason) > 1200 || strings.ContainsAny(r.Reason, "\r\n\x00\x1b") || !utf8.ValidString(r.Reason) {
		t.Errorf("AADSTS%d says %q", r.Code, r.Reason)
	}
}
