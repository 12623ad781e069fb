package jwt

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// These targets hold the strict readers to encoding/json: what they accept it
// must accept too, and read in the same way. They may refuse more.

func FuzzHeader(f *testing.F) {
	f.Add([]byte(`{"alg":"RS256","kid":"k","typ":"JWT","x5t":"k"}`))
	f.Add([]byte(`{"alg":"none","ALG":"RS256"}`))
	f.Add([]byte(`{"\u0061lg":"RS256","crit":["b64"],"b64":false}`))
	used := new(Reader)
	f.Fuzz(func(t *testing.T, data []byte) {
		var token, again Token
		fault := token.readHeader(new(Reader), data)
		same(t, &token, fault, &again, again.readHeader(used, data))
		if fault != nil {
			return
		}
		agree(t, data, token.Header, map[string]string{"alg": token.Algorithm, "kid": token.KeyID, "typ": token.Type})
	})
}

func FuzzClaims(f *testing.F) {
	f.Add([]byte(`{"aud":"a","iss":"i","iat":1,"nbf":1,"exp":2,"roles":["r"],"scp":"a b","tid":"t","ver":"2.0"}`))
	f.Add([]byte(`{"iss":"i","iſs":"x"}`))
	f.Add([]byte(`{"aud":["a"],"exp":1e300,"x":[[[[[[[[1]]]]]]]]}`))
	f.Add([]byte(`{"a":"\ud800"} `))
	f.Add([]byte("{ \"aud\" :\t\"a\" , \"roles\":[ \"\\\\\" , \"]\\\"\" ] ,\r\n\"x\" : { \"y\" :[ 1 , {} ] } }"))
	used := new(Reader)
	f.Fuzz(func(t *testing.T, data []byte) {
		var token, again Token
		fault := token.readClaims(new(Reader), data)
		same(t, &token, fault, &again, again.readClaims(used, data))
		if fault != nil {
			return
		}
		agree(t, data, token.Claims, map[string]string{
			"iss": token.Issuer, "tid": token.TenantID, "oid": token.ObjectID, "sub": token.Subject, "ver": token.VersionClaim,
		})
		claims := slices.Collect(token.Claims.All())
		for i, a := range claims {
			for _, b := range claims[:i] {
				if strings.EqualFold(a.Name, b.Name) {
					t.Errorf("%q beside %q", a.Name, b.Name)
				}
			}
		}
	})
}

// same: a reader that was used before, on whatever, reads as a new one does.
func same(t *testing.T, want *Token, wantFault *Fault, got *Token, gotFault *Fault) {
	t.Helper()
	if !reflect.DeepEqual(want, got) || !reflect.DeepEqual(wantFault, gotFault) {
		t.Fatalf("a used reader: want %+v, %v, got %+v, %v", want, wantFault, got, gotFault)
	}
}

func agree(t *testing.T, data []byte, o Object, texts map[string]string) {
	t.Helper()
	var other map[string]json.RawMessage
	if err := json.Unmarshal(data, &other); err != nil {
		t.Fatalf("encoding/json refuses what is accepted here: %v", err)
	}
	if len(other) != o.Len() {
		t.Fatalf("want %d members, got %d", len(other), o.Len())
	}
	for m := range o.All() {
		if string(other[m.Name]) != m.Raw {
			t.Errorf("%q: want %s, got %s", m.Name, other[m.Name], m.Raw)
		}
	}
	for name, got := range texts {
		var want string
		if raw, ok := other[name]; ok && (json.Unmarshal(raw, &want) != nil || string(raw) == "null") {
			t.Errorf("%q is no string, and was accepted", name)
		}
		if want != got {
			t.Errorf("%q: want %q, got %q", name, want, got)
		}
	}
}
