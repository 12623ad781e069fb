package tenant_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/tenant"
	"m2m/internal/tenant/control"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/keyring"
	"m2m/internal/tenant/mint"
)

// minted is a token of the control endpoint, taken apart and not validated: that
// m2m verify does, in the scripts.
type minted struct {
	header, claims map[string]any
	payload        string
	signature      []byte
}

func (r *running) mint(t *testing.T, cfg tenant.Config, asked mint.Request) minted {
	t.Helper()
	body, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	got := r.control(cfg.ControlKey, http.MethodPost, "mint", string(body))
	var answer control.Minted
	if got.decode(t, &answer); got.status != http.StatusOK {
		t.Fatalf("mint %s: HTTP %d %s", body, got.status, got.body)
	}
	return takeApart(t, answer.Token)
}

func takeApart(t *testing.T, token string) (m minted) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	for n, part := range parts {
		text, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			t.Fatal(err)
		}
		switch n {
		case 0:
			err = json.Unmarshal(text, &m.header)
		case 1:
			_ = json.Unmarshal(text, &m.claims) // a payload need not be JSON
			m.payload = string(text)
		case 2:
			m.signature = text
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func minting(t *testing.T) (*running, tenant.Config) {
	t.Helper()
	cfg := config(sample())
	cfg.ControlKey = control.NewKey()
	return start(t, cfg), cfg
}

// A minted token that nothing was asked of has the fields of a real one.
func TestMintedTokensAreLikeRealOnes(t *testing.T) {
	r, cfg := minting(t)
	names := func(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
	for _, tt := range []struct {
		name           string
		asked          mint.Request
		header, claims string
	}{
		{"v2.0", mint.Request{}, "alg kid typ", "aio aud azp azpacr exp iat iss nbf oid rh roles sub tid uti ver xms_ftd"},
		{"v1.0", mint.Request{Version: "1.0"}, "alg kid typ x5t",
			"aio appid appidacr aud exp iat idp iss nbf oid rh roles sub tid uti ver"},
		{"another client", mint.Request{Client: "m2m demo client without a role"}, "alg kid typ",
			"aio aud azp azpacr exp iat iss nbf oid rh sub tid uti ver xms_ftd"},
		{"an API of v1.0", mint.Request{API: "https://vault.example"}, "alg kid typ x5t",
			"aio appid appidacr aud exp iat idp iss nbf oid rh sub tid uti ver"},
		{"a user's", mint.Request{Kind: "user"}, "alg kid typ",
			"aio aud azp azpacr exp iat iss name nbf oid preferred_username rh scp sub tid uti ver"},
		{"a user's of v1.0", mint.Request{Kind: "user", Version: "1.0"}, "alg kid typ x5t",
			"acr aio amr appid appidacr aud exp iat iss name nbf oid rh scp sub tid unique_name upn uti ver"},
		{"an ID token", mint.Request{Kind: "id"}, "alg kid typ",
			"aio aud exp iat iss name nbf nonce oid preferred_username rh sub tid uti ver"},
		{"an ID token of v1.0", mint.Request{Kind: "id", Version: "1.0"}, "alg kid typ x5t",
			"aio amr aud exp iat iss name nbf nonce oid rh sub tid unique_name upn uti ver"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := r.mint(t, cfg, tt.asked)
			if diff := cmp.Diff(strings.Fields(tt.header), names(m.header)); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(strings.Fields(tt.claims), names(m.claims)); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
	graph := r.mint(t, cfg, mint.Request{Kind: "graph"})
	compareFields(t, "header-graph", names(graph.header))
	compareFields(t, "claims-graph", names(graph.claims))
}

func TestMintedChanges(t *testing.T) {
	r, cfg := minting(t)
	m := r.mint(t, cfg, mint.Request{
		Claims: []byte(`{"aud":"api://x","extra":[1,{"a":null}]}`), Without: []string{"tid", "roles"},
		Header: []byte(`{"alg":"none","crit":["exp"]}`), WithoutHeader: []string{"kid"},
	})
	if m.claims["aud"] != "api://x" || m.claims["tid"] != nil || m.claims["roles"] != nil || m.claims["azp"] == nil {
		t.Errorf("claims: %v", m.claims)
	}
	if !strings.HasPrefix(m.payload, `{"aud":"api://x","iss":`) ||
		!strings.HasSuffix(m.payload, `"extra":[1,{"a":null}]}`) {
		t.Errorf("the order of the claims is not kept: %s", m.payload)
	}
	if m.header["alg"] != "none" || m.header["kid"] != nil || m.header["typ"] != "JWT" || len(m.signature) != 256 {
		t.Errorf("header %v, signature of %d bytes", m.header, len(m.signature))
	}
	if raw := r.mint(t, cfg, mint.Request{Payload: `{"aud":"a","aud":"b"}`}); raw.payload != `{"aud":"a","aud":"b"}` {
		t.Errorf("the payload was changed to %s", raw.payload)
	}
	for _, bytes := range []string{"\xff\x00{", ""} {
		if raw := r.mint(t, cfg, mint.Request{PayloadBytes: []byte(bytes)}); raw.payload != bytes {
			t.Errorf("the payload %q was changed to %q", bytes, raw.payload)
		}
	}
	at := func(asked mint.Request, name string) time.Duration {
		seconds, _ := r.mint(t, cfg, asked).claims[name].(float64)
		return time.Unix(int64(seconds), 0).Sub(noon())
	}
	if from, to := at(mint.Request{Time: "not-yet"}, "nbf"),
		at(mint.Request{Time: "expired"}, "exp"); from != time.Hour || to != -time.Hour {
		t.Errorf("not yet valid begins in %s, expired ended %s ago", from, -to)
	}
}

func TestMintedSignatures(t *testing.T) {
	r, cfg := minting(t)
	sizes := map[string]int{"HS256": 32, "HS384": 48, "HS512": 64, "ES256": 64, "none": 0}
	for _, alg := range keyring.Algorithms {
		want, ok := sizes[alg]
		if !ok {
			want = 256 // RSA-2048
		}
		if m := r.mint(t, cfg, mint.Request{Algorithm: alg}); m.header["alg"] != alg || len(m.signature) != want {
			t.Errorf("%s: alg %v, a signature of %d bytes, want %d", alg, m.header["alg"], len(m.signature), want)
		}
	}
	current := r.mint(t, cfg, mint.Request{}).header["kid"]
	kid := func(key mint.Key) any { return r.mint(t, cfg, mint.Request{Key: key}).header["kid"] }
	if kid(mint.OtherKey) != current || kid(mint.WithdrawnKey) == current || kid(mint.EmbeddedKey) == current {
		t.Errorf("kids: other %v, withdrawn %v, embedded %v, current %v", kid("other"), kid("withdrawn"), kid("embedded"),
			current)
	}
	if jwk, ok := r.mint(t, cfg, mint.Request{Key: mint.EmbeddedKey}).header["jwk"].(map[string]any); !ok ||
		jwk["n"] == nil || jwk["d"] != nil {
		t.Errorf("the embedded key is %v", jwk)
	}
	if err := r.Inject(fault.Fault{Place: fault.AtKeys, Kind: fault.Withdraw}); err != nil {
		t.Fatal(err)
	}
	if kid(mint.WithdrawnKey) != current {
		t.Error("a withdrawn key of the tenant's is not the one that signs")
	}
}

func TestMintRefusals(t *testing.T) {
	r, cfg := minting(t)
	for _, tt := range []struct {
		name  string
		asked mint.Request
		word  string // part of the reason
	}{
		{"an unknown client", mint.Request{Client: "nobody"}, "client \"nobody\""},
		{"an unknown API", mint.Request{API: "api://nothing"}, `API "api://nothing"`},
		{"an unknown tenant", mint.Request{Tenant: "nowhere.example"}, `tenant "nowhere.example"`},
		{"an unknown kind", mint.Request{Kind: "delegated"}, `kind of token "delegated"`},
		{"an unknown time", mint.Request{Time: "later"}, `time "later"`},
		{"an unknown key", mint.Request{Key: "mine"}, `key "mine"`},
		{"an unknown algorithm", mint.Request{Algorithm: "RS1"}, `algorithm "RS1"`},
		{"an unknown version", mint.Request{Version: "3.0"}, `version "3.0"`},
		{"Graph and an API", mint.Request{Kind: "graph", API: "api://m2m-demo"}, "Microsoft Graph"},
		{"Graph of v2.0", mint.Request{Kind: "graph", Version: "2.0"}, "v1.0 tokens only"},
		{"a payload and claims", mint.Request{Payload: "x", Without: []string{"tid"}}, "exclude each other"},
		{"bytes and claims", mint.Request{PayloadBytes: []byte{}, Claims: []byte(`{}`)}, "exclude each other"},
		{"two payloads", mint.Request{Payload: "x", PayloadBytes: []byte("x")}, "two payloads"},
		{"a claim that is not there", mint.Request{Without: []string{"TID"}}, `no claim "TID"`},
		{"a header that is not there", mint.Request{WithoutHeader: []string{"x5t"}}, `no header "x5t"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, err := json.Marshal(tt.asked)
			if err != nil {
				t.Fatal(err)
			}
			got := r.control(cfg.ControlKey, http.MethodPost, "mint", string(body))
			var refused control.Error
			got.decode(t, &refused)
			if got.status != http.StatusBadRequest || refused.Word != "bad_request" ||
				!strings.Contains(refused.Reason, tt.word) {
				t.Errorf("HTTP %d %s: %s", got.status, refused.Word, refused.Reason)
			}
		})
	}
}
