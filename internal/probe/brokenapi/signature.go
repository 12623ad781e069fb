package brokenapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
)

// expected is the signature that the issuer would put under what was sent.
func (g *Gate) expected(p parts) []byte { return signWith(g.issuer.key, string(p.signed)) }

// signatureHoles compare the signature carelessly.
func signatureHoles() []Hole {
	compared := func(name string, same func(want, got []byte) bool) Hole {
		return token(name, func(g *Gate, p parts) bool {
			want := g.expected(p)
			return p.alg() == "RS256" && len(p.signature) > 0 && !bytes.Equal(want, p.signature) && same(want, p.signature)
		})
	}
	all := func(b byte) func(_, got []byte) bool {
		return func(_, got []byte) bool { return len(bytes.Trim(got, string(rune(b)))) == 0 }
	}
	but := func(at func(n int) int) func(want, got []byte) bool {
		return func(want, got []byte) bool {
			i := at(len(want))
			return len(got) == len(want) && bytes.Equal(want[:i], got[:i]) && bytes.Equal(want[i+1:], got[i+1:])
		}
	}
	return []Hole{
		token("signature-empty", func(_ *Gate, p parts) bool { return p.alg() == "RS256" && len(p.segments) == 3 && p.segments[2] == "" }),
		token("signature-absent", func(_ *Gate, p parts) bool { return p.alg() == "RS256" && len(p.segments) == 2 }),
		compared("signature-cut", func(want, got []byte) bool { return len(got) > 1 && bytes.HasPrefix(want, got) }),
		compared("signature-one-byte", func(want, got []byte) bool { return bytes.HasPrefix(want, got) }),
		compared("signature-flipped-first", but(func(int) int { return 0 })),
		compared("signature-flipped-middle", but(func(n int) int { return n / 2 })),
		compared("signature-flipped-last", but(func(n int) int { return n - 1 })),
		compared("signature-longer", func(want, got []byte) bool { return len(got) == len(want)+1 && bytes.HasPrefix(got, want) }),
		compared("signature-twice", func(want, got []byte) bool { return bytes.Equal(got, append(want, want...)) }),
		compared("signature-zero", all(0)),
		compared("signature-one", func(_, got []byte) bool { return new(big.Int).SetBytes(got).Cmp(big.NewInt(1)) == 0 }),
		token("signature-no-base64", func(_ *Gate, p parts) bool { // an error nobody looks at
			if p.alg() != "RS256" || len(p.segments) != 3 {
				return false
			}
			_, err := base64.RawURLEncoding.DecodeString(p.segments[2])
			return err != nil
		}),
	}
}

// contentHoles verify something else than what they then read.
func contentHoles() []Hole {
	// remembered knows the signatures of tokens that were good, and no more.
	remembered := func(name string, differs func(g *Gate, p parts) bool) Hole {
		return token(name, func(g *Gate, p parts) bool {
			return p.alg() == "RS256" && len(p.signature) == 256 && !bytes.Equal(g.expected(p), p.signature) && differs(g, p)
		})
	}
	claim := func(name, claim string, value any) Hole {
		return remembered(name, func(_ *Gate, p parts) bool { return reflect.DeepEqual(p.payload[claim], value) })
	}
	nobody := "00000000-0000-4000-8000-000000000000"
	return []Hole{
		claim("payload-roles", "roles", []any{"m2m.probe.admin"}),
		claim("payload-expiry", "exp", 2111111111.0),
		claim("payload-subject", "sub", nobody),
		claim("payload-tenant", "tid", nobody),
		remembered("payload-spaced", func(g *Gate, p parts) bool { // verifies the JSON, written again
			var compact bytes.Buffer
			if json.Compact(&compact, p.claimsText) != nil {
				return false
			}
			return bytes.Equal(p.signature, signWith(g.issuer.key, p.segments[0]+"."+b64(compact.Bytes())))
		}),
		remembered("payload-reordered", func(g *Gate, p parts) bool { // the same, with its members sorted
			return bytes.Equal(p.signature, signWith(g.issuer.key, p.segments[0]+"."+encodeJSON(p.payload)))
		}),
		remembered("header-added", func(g *Gate, p parts) bool { return p.header["m2m"] != nil && g.payloadSigned(p) }),
		remembered("header-spaced", func(g *Gate, p parts) bool {
			return bytes.HasSuffix(p.headerText, []byte(" ")) && g.payloadSigned(p)
		}),
		remembered("header-typ", func(g *Gate, p parts) bool { return p.text("typ") == "at+jwt" && g.payloadSigned(p) }),
	}
}

// payloadSigned verifies as if the header were the one that tokens have.
func (g *Gate) payloadSigned(p parts) bool {
	header, _, _ := strings.Cut(g.issuer.Token(Changes{}), ".")
	return bytes.Equal(p.signature, signWith(g.issuer.key, header+"."+p.segments[1]))
}
