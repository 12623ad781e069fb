package tenant_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
	"m2m/internal/tenant/control"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/keyring"
)

// controlled is a tenant with a control endpoint, and its key.
func controlled(t *testing.T) (*running, entra.Secret) {
	t.Helper()
	cfg := config(sample())
	cfg.ControlKey = control.NewKey()
	return start(t, cfg), cfg.ControlKey
}

// control sends a request to the control endpoint as its own client would.
func (r *running) control(key entra.Secret, method, path, body string, change ...func(*http.Request)) answer {
	r.t.Helper()
	req, err := http.NewRequest(method, r.ControlURL()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key.Reveal())
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	for _, c := range change {
		c(req)
	}
	return r.do(req)
}

func TestControlRefusals(t *testing.T) {
	r, key := controlled(t)
	header := func(name string, values ...string) func(*http.Request) {
		return func(req *http.Request) { req.Header[name] = values }
	}
	host := func(host string) func(*http.Request) { return func(req *http.Request) { req.Host = host } }
	_, port, _ := strings.Cut(strings.TrimPrefix(r.Origin(), "https://"), ":")
	for _, tt := range []struct {
		name, method, path, body string
		change                   func(*http.Request)
		status                   int
		word                     string
	}{
		{"no key", "GET", "state", "", header("Authorization"), 401, "wrong_key"},
		{"another key", "GET", "state", "", header("Authorization", "Bearer "+control.NewKey().Reveal()), 401, "wrong_key"},
		{"part of the key", "GET", "state", "", header("Authorization", "Bearer "+key.Reveal()[:20]), 401, "wrong_key"},
		{"the key as Basic", "GET", "state", "", header("Authorization", "Basic "+key.Reveal()), 401, "wrong_key"},
		{"two keys", "GET", "state", "", header("Authorization", "Bearer "+key.Reveal(), "Bearer x"), 401, "wrong_key"},
		{"a web page", "GET", "state", "", header("Origin", "https://evil.example"), 403, "wrong_origin"},
		{"a web page of this very origin", "GET", "state", "", header("Origin", r.Origin()), 403, "wrong_origin"},
		{"a sandboxed page", "GET", "state", "", header("Origin", "null"), 403, "wrong_origin"},
		{"an empty origin", "GET", "state", "", header("Origin", ""), 403, "wrong_origin"},
		{"another name of this machine", "GET", "state", "", host("rebound.evil.example:" + port), 403, "wrong_host"},
		{"Entra's own name", "GET", "state", "", host("login.microsoftonline.com"), 403, "wrong_host"},
		{"the address without its port", "GET", "state", "", host("127.0.0.1"), 403, "wrong_host"},
		{"localhost with its port", "GET", "state", "", host("localhost:" + port), 200, ""},
		{"a path that is none", "GET", "tokens", "", nil, 404, "not_found"},
		{"a path below", "GET", "state/keys", "", nil, 404, "not_found"},
		{"GET mint", "GET", "mint", "", nil, 405, "wrong_method"},
		{"POST state", "POST", "state", "{}", nil, 405, "wrong_method"},
		{"a form", "POST", "mint", "key=other", header("Content-Type", "application/x-www-form-urlencoded"), 415,
			"wrong_content_type"},
		{"no content type", "POST", "mint", "{}", header("Content-Type"), 415, "wrong_content_type"},
		{"text, as a page can send unasked", "POST", "mint", "{}", header("Content-Type", "text/plain"), 415,
			"wrong_content_type"},
		{"too much", "POST", "mint", `{"payload":"` + strings.Repeat("a", 64<<10) + `"}`, nil, 413, "too_large"},
		{"no JSON", "POST", "mint", "alg: none", nil, 400, "bad_json"},
		{"nothing", "POST", "mint", "", nil, 400, "bad_json"},
		{"a name that is none", "POST", "mint", `{"algorithm":"none"}`, nil, 400, "bad_json"},
		{"a name in another case", "POST", "mint", `{"Alg":"none"}`, nil, 400, "bad_json"},
		{"a name twice", "POST", "mint", `{"alg":"none","alg":"RS256"}`, nil, 400, "bad_json"},
		{"something behind", "POST", "mint", `{} {}`, nil, 400, "bad_json"},
		{"a claim twice", "POST", "mint", `{"claims":{"a":1,"a":2}}`, nil, 400, "bad_json"},
		{"claims in a list", "POST", "mint", `{"claims":["a"]}`, nil, 400, "bad_request"},
		{"an action that is none", "POST", "keys", `{"action":"rol"}`, nil, 400, "bad_request"},
		{"an offset that is none", "POST", "clock", `{"offset":"soon"}`, nil, 400, "bad_request"},
		{"an offset of centuries", "POST", "clock", `{"offset":"2000000h"}`, nil, 400, "bad_request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			change := tt.change
			if change == nil {
				change = func(*http.Request) {}
			}
			got := r.control(key, tt.method, tt.path, tt.body, change)
			var refused control.Error
			got.decode(t, &refused)
			if got.status != tt.status || string(refused.Word) != tt.word || refused.Reason == "" && tt.word != "" {
				t.Errorf("HTTP %d %s (%s), want HTTP %d %s", got.status, refused.Word, refused.Reason, tt.status, tt.word)
			}
			if got.header.Get("Access-Control-Allow-Origin") != "" {
				t.Error("a page of any origin may read the answer")
			}
		})
	}
}

// Without a key there is no endpoint, and never one without TLS.
func TestControlIsNotThere(t *testing.T) {
	r := start(t, config(sample()))
	if r.ControlURL() != "" {
		t.Errorf("a tenant without a key has a control endpoint at %s", r.ControlURL())
	}
	if got := r.get("/.m2m/control/state"); got.status != http.StatusNotFound {
		t.Errorf("a tenant without a key answers HTTP %d", got.status)
	}
	with, key := controlled(t)
	plain := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet,
		"http://"+strings.TrimPrefix(with.Origin(), "https://")+"/.m2m/control/state", nil)
	req.Header.Set("Authorization", "Bearer "+key.Reveal())
	with.Handler().ServeHTTP(plain, req)
	body, _ := io.ReadAll(plain.Body)
	if plain.Code != http.StatusForbidden || !strings.Contains(string(body), "wrong_scheme") {
		t.Errorf("without TLS: HTTP %d %s", plain.Code, body)
	}
}

func TestControlKeysAndClock(t *testing.T) {
	r, key := controlled(t)
	state := func(method, path, body string) (s control.State) {
		t.Helper()
		got := r.control(key, method, path, body)
		if got.status != http.StatusOK {
			t.Fatalf("%s %s %s: HTTP %d %s", method, path, body, got.status, got.body)
		}
		got.decode(t, &s)
		return s
	}
	first := state("GET", "state", "")
	if len(first.Keys) != 2 {
		t.Fatalf("keys at the start: %+v", first.Keys)
	}
	kid := first.Keys[0].KeyID
	first.Apps, first.Requests = nil, nil // TestStateListsAppsAndRequests
	want := control.State{
		Origin: r.Origin(), Tenants: []string{sample().ID}, Clock: "0s", Faults: []fault.State{}, KeySet: keyring.Whole,
		Keys: []keyring.State{{KeyID: kid, Published: true, Signs: true}, {KeyID: first.Keys[1].KeyID, Published: true}},
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("state at the start (-want +got):\n%s", diff)
	}
	published := func() (n int) { return len(r.keySet(t)) }
	if s := state("POST", "keys", `{"action":"roll"}`); len(s.Keys) != 3 || s.Keys[1].KeyID != kid || published() != 3 {
		t.Errorf("after a roll: %+v", s)
	}
	if s := state("POST", "keys", `{"action":"withdraw"}`); len(s.Keys) != 4 || !s.Keys[0].Signs || s.Keys[1].Published ||
		published() != 1 {
		t.Errorf("after a withdrawal: %+v", s)
	}
	if s := state("POST", "keys", `{"action":"flap"}`); s.KeySet != keyring.Flapping {
		t.Errorf("flapping: %+v", s)
	}
	if a, b, c := published(), published(), published(); a != 1 || b != 2 || c != 1 {
		t.Errorf("a flapping set had %d, %d and %d keys, want 1, 2 and 1", a, b, c)
	}
	if s := state("POST", "keys", `{"action":"empty"}`); s.KeySet != keyring.Empty || published() != 0 {
		t.Errorf("empty: %+v", s)
	}
	if s := state("POST", "keys", `{"action":"restore"}`); s.KeySet != keyring.Whole || published() != 2 {
		t.Errorf("restored: %+v", s)
	}
	if s := state("POST", "clock", `{"offset":"-1h"}`); s.Clock != "-1h" {
		t.Errorf("the clock is ahead by %s", s.Clock)
	}
}

// keySet returns the keys that the tenant publishes.
func (r *running) keySet(t *testing.T) []any {
	t.Helper()
	var set struct {
		Keys []any `json:"keys"`
	}
	r.get("/common/discovery/v2.0/keys").decode(t, &set)
	if set.Keys == nil {
		t.Error("the set has no list of keys")
	}
	return set.Keys
}
