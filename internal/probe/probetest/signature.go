package probetest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// expected returns the signature that the issuer would make of what was sent.
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
		token("signature-empty",
			func(_ *Gate, p parts) bool { return p.alg() == "RS256" && len(p.segments) == 3 && p.segments[2] == "" }),
		token("signature-absent", func(_ *Gate, p parts) bool { return p.alg() == "RS256" && len(p.segments) == 2 }),
		compared("signature-cut", func(want, got []byte) bool { return len(got) > 1 && bytes.HasPrefix(want, got) }),
		compared("signature-one-byte", func(want, got []byte) bool { return bytes.HasPrefix(want, got) }),
		compared("signature-flipped-first", but(func(int) int { return 0 })),
		compared("signature-flipped-middle", but(func(n int) int { return n / 2 })),
		compared("signature-flipped-last", but(func(n int) int { return n - 1 })),
		compared("signature-longer",
			func(want, got []byte) bool { return len(got) == len(want)+1 && bytes.HasPrefix(got, want) }),
		compared("signature-twice", func(want, got []byte) bool { return bytes.Equal(got, append(want, want...)) }),
		compared("signature-zero", all(0)),
		compared("signature-one", func(_, got []byte) bool { return new(big.Int).SetBytes(got).Cmp(big.NewInt(1)) == 0 }),
		token("signature-no-base64", func(_ *Gate, p parts) bool { // ignores an error
			if p.alg() != "RS256" || len(p.segments) != 3 {
				return false
			}
			_, err := base64.RawURLEncoding.DecodeString(p.segments[2])
			return err != nil
		}),
	}
}

// contentHoles verify something else than what they read.
func contentHoles() []Hole {
	// remembered accepts every token with a signature that was valid once.
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

// unsignedHoles trust what the header says of the signature.
func unsignedHoles() []Hole {
	algs := regexp.MustCompile(`"alg"\s*:\s*"([^"]*)"`)
	each := func(p parts) (found []string) {
		for _, match := range algs.FindAllSubmatch(p.headerText, -1) {
			found = append(found, string(match[1]))
		}
		return found
	}
	// spelled is a blacklist that compares one spelling and a library that knows
	// another.
	spelled := func(name, alg string) Hole {
		return token(name, func(_ *Gate, p parts) bool {
			return len(each(p)) == 1 && p.alg() == alg && len(p.segments) == 3 && p.segments[2] == ""
		})
	}
	// unknown is a switch without a default that refuses.
	unknown := func(name, alg string) Hole {
		return token(name, func(_ *Gate, p parts) bool { return p.alg() == alg })
	}
	return []Hole{
		spelled("alg-none", "none"), spelled("alg-none-capital", "None"), spelled("alg-none-upper", "NONE"),
		spelled("alg-none-mixed", "nOnE"), spelled("alg-none-space", "none "),
		token("alg-none-signed", func(_ *Gate, p parts) bool { return p.alg() == "none" && len(p.signature) > 0 }),
		token("alg-none-two-parts", func(_ *Gate, p parts) bool { return p.alg() == "none" && len(p.segments) == 2 }),
		token("alg-none-list", func(_ *Gate, p parts) bool { return fmt.Sprint(p.header["alg"]) == "[none]" }),
		token("alg-none-first",
			func(_ *Gate, p parts) bool { return slices.Equal(each(p), []string{"none", "RS256"}) }), // takes the first
		token("alg-none-last", func(_ *Gate, p parts) bool { // checks the first, uses the last
			return p.alg() == "none" && slices.Index(each(p), "RS256") == 0
		}),
		token("alg-none-other-case", func(_ *Gate, p parts) bool {
			var header struct{ Alg string } // encoding/json ignores case
			return json.Unmarshal(p.headerText, &header) == nil && p.header["alg"] == nil && header.Alg == "none"
		}),
		token("alg-empty", func(_ *Gate, p parts) bool { return p.header["alg"] == "" }),
		token("alg-null", func(_ *Gate, p parts) bool { return bytes.Contains(p.headerText, []byte(`"alg":null`)) }),
		token("alg-number",
			func(_ *Gate, p parts) bool { n, ok := p.header["alg"].(float64); return ok && n == 0 }), // an enum, and 0 means none
		token("alg-absent", func(_ *Gate, p parts) bool {
			_, there := p.header["alg"]
			return p.header != nil && !there && len(p.signature) == 0 && len(p.segments) == 3
		}),
		token("alg-absent-signed", func(_ *Gate, p parts) bool {
			_, there := p.header["alg"]
			return p.header != nil && !there && len(p.signature) > 0
		}),
		unknown("alg-unknown", "XX256"), unknown("alg-lower", "rs256"), unknown("alg-rs1", "RS1"),
		unknown("alg-rs512", "RS512"), unknown("alg-ps256", "PS256"),
	}
}
