package probe

import (
	"bytes"
	"compress/flate"
	"strings"

	"m2m/internal/jsonobject"
)

const fixHeader = "verify the signature first, and refuse a header with crit, b64, cty or zip: no Entra token has them; RFC 7515 section 4.1.11, RFC 8725 section 3.12"

// headerCases use extensions of the header in ways that confuse. None of them
// has a valid signature.
func headerCases() []Case {
	set := func(name, value string) func(jsonobject.Object) jsonobject.Object {
		return func(o jsonobject.Object) jsonobject.Object { return o.With(name, value) }
	}
	return forgeries(Header, Critical, fixHeader,
		row{"crit-unknown", "crit names an extension that nobody knows", headed(func(o jsonobject.Object) jsonobject.Object {
			return o.With("crit", `["m2m"]`).With("m2m", "true")
		}, ownKey)},
		row{"crit-empty", "crit is an empty list", headed(set("crit", "[]"), ownKey)},
		row{"crit-type", "crit is a string", headed(set("crit", `"exp"`), ownKey)},
		row{"b64-false", "b64 is false: the payload is not encoded (RFC 7797)", func(k *kit) (string, error) {
			header := encode([]byte(k.header.With("b64", "false").With("crit", `["b64"]`).String()))
			signature, err := ownKey(k, header+"."+string(k.payload))
			return header + "." + k.segments[1] + "." + encode(signature), err
		}},
		row{"b64-false-alone", "b64 is false and crit does not say so", headed(set("b64", "false"), original)},
		row{"zip", "the payload is compressed, as zip says", func(k *kit) (string, error) {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, flate.BestCompression) // the level is a valid one
			_, _ = w.Write(k.payload)                          // a buffer takes everything
			_ = w.Close()
			return k.forged(k.header.With("zip", `"DEF"`).String(), b.Bytes(), ownKey)
		}},
		row{"typ-other", `"typ": "logout+jwt"`, headed(set("typ", `"logout+jwt"`), ownKey)},
		row{"typ-number", "typ is a number", headed(set("typ", "7"), ownKey)},
		row{"nested-none", "the valid token inside an unsigned one", func(k *kit) (string, error) {
			header := jsonobject.Of("alg", `"none"`, "cty", `"JWT"`)
			return k.forged(header.String(), []byte(k.valid.Reveal()), unsigned)
		}},
		row{"nested-foreign", "the valid token inside one that we signed", func(k *kit) (string, error) {
			return k.forged(k.header.With("cty", `"JWT"`).String(), []byte(k.valid.Reveal()), ownKey)
		}},
		row{"header-many", "a header of 2,000 members", headed(func(o jsonobject.Object) jsonobject.Object {
			for i := range 2000 {
				o = append(o, jsonobject.Member{Name: "m" + strings.Repeat("x", i%7), Value: "0"})
			}
			return o
		}, ownKey)},
	)
}
