package issuer

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/keyring"
)

// Whatever the control endpoint is sent, it answers with a token of three parts
// or with a refusal that has a name.
func FuzzControlMint(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"kind":"graph"}`, `{"key":"embedded","alg":"HS512","version":"1.0"}`,
		`{"claims":{"aud":["a","b"],"\u0000":1},"without":["tid"]}`, `{"header":{"kid":null,"":""},"without_header":["alg"]}`,
		`{"payload":"\n","nonce":"n","time":"expired"}`, `{"client":"\ud800"}`, `[]`, `{"payload_base64":"/w=="}`,
	} {
		f.Add([]byte(seed))
	}
	i := &Issuer{origin: "https://127.0.0.1:8443", tenantList: []directory.Tenant{directory.Builtin()}, keys: keyring.New(time.Now())}
	i.tenants, i.clock.base = directory.New(i.tenantList), time.Now
	f.Fuzz(func(t *testing.T, body []byte) {
		answer, err := i.controlMint(body)
		var refused *ControlError
		switch {
		case errors.As(err, &refused):
			if refused.Status != 400 || refused.Word == "" || refused.Reason == "" || len(refused.Reason) > 1200 {
				t.Errorf("%q: %+v", body, refused)
			}
		case err != nil:
			t.Errorf("%q: %v", body, err)
		default:
			if token := answer.(Minted).Token; strings.Count(token, ".") != 2 {
				t.Errorf("%q: minted %s", body, token)
			}
		}
	})
}

func FuzzEditObject(f *testing.F) {
	f.Add(`{"a":1,"b":{"c":[]}}`, `{"b":null,"d":"x"}`)
	f.Add(`{}`, ` {"\u0061":1} `)
	f.Add(`{"a":1,"a":2}`, `{} `)
	f.Fuzz(func(t *testing.T, object, changes string) {
		edited, err := editObject([]byte(object), []byte(changes), nil, "claim")
		if err != nil {
			return
		}
		var got, want map[string]any
		if err := json.Unmarshal(edited, &got); err != nil {
			t.Fatalf("%q and %q make %q: %v", object, changes, edited, err)
		}
		if err := errors.Join(json.Unmarshal([]byte(object), &want), json.Unmarshal([]byte(changes), &want)); err != nil {
			t.Fatalf("%q or %q was read and is no object: %v", object, changes, err)
		}
		if len(got) != len(want) {
			t.Errorf("%q and %q make %q", object, changes, edited)
		}
	})
}
