package forge

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/jsonobject"
)

// FuzzToken takes apart arbitrary text as a token.
func FuzzToken(f *testing.F) {
	f.Add("eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJhIn0.c2ln")
	f.Add("eyJhIjoxLCJhIjoyfQ.e30.AA")
	f.Add("..")
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		k, err := parse(entra.NewSecret(token))
		if err != nil {
			if !errors.Is(err, ErrNotJWT) {
				t.Fatalf("the error is %v", err)
			}
			return
		}
		if again, err := jsonobject.Parse([]byte(k.header.String())); err != nil || len(again) != len(k.header) {
			t.Fatalf("the header %q is read as %d members, and then as %d (%v)", k.header, len(k.header), len(again), err)
		}
	})
}

// FuzzKeys reads whatever an issuer publishes.
func FuzzKeys(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"` + strings.Repeat("q", 342) + `","e":"AQAB","x5c":["AAAA"]}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AA","e":"AAAAAAAAAAAA"},{"kty":"EC"},7,null]}`))
	f.Add([]byte(`{"keys":null}`))
	f.Fuzz(func(t *testing.T, set []byte) {
		keys, err := ParseKeys(set)
		if err != nil && !errors.Is(err, errKeys) || (err == nil) != (len(keys) > 0) {
			t.Fatalf("%d keys with the error %v", len(keys), err)
		}
		for _, key := range keys {
			for _, form := range keyForms() {
				if _, err := form.bytes(&key); err != nil && !errors.As(err, new(*notApplicable)) {
					t.Fatalf("%s: %v", form.name, err)
				}
			}
		}
	})
}

// FuzzRequest writes requests whose target and header fields hold anything that
// a caller may give.
func FuzzRequest(f *testing.F) {
	f.Add("/stock?x=1", "X-Probe", "yes")
	f.Add("/", "Accept", "")
	f.Fuzz(func(t *testing.T, path, name, value string) {
		r := Request{Method: http.MethodGet, Target: path, proto: "HTTP/1.1", host: "h"}.WithField(name, value).WithToken("t")
		if got := r.Bytes(); !bytes.HasSuffix(got, []byte("\r\n\r\n")) {
			t.Fatalf("the request ends in %q", got)
		}
		for _, change := range []func(string) string{encodeLetter("%"), encodeLetter("%25")} {
			if changed := change(path); len(changed) < len(path) {
				t.Fatalf("%q became %q", path, changed)
			}
		}
		if r.Path()+r.query() != path {
			t.Fatalf("%q is taken apart into %q and %q", path, r.Path(), r.query())
		}
	})
}
