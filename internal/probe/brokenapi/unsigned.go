package brokenapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// token makes a hole of what a naive verifier thinks of a token that stands
// where it belongs.
func token(name string, believes func(*Gate, parts) bool) Hole {
	return Hole{Name: name, Let: func(g *Gate, r *http.Request) bool {
		_, sent, found := strings.Cut(r.Header.Get("Authorization"), " ")
		return found && believes(g, takeApart(sent))
	}}
}

// unsignedHoles believe what the header says of the signature.
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
		token("alg-none-first", func(_ *Gate, p parts) bool { return slices.Equal(each(p), []string{"none", "RS256"}) }), // takes the first
		token("alg-none-last", func(_ *Gate, p parts) bool { // checks the first, uses the last
			return p.alg() == "none" && slices.Index(each(p), "RS256") == 0
		}),
		token("alg-none-other-case", func(_ *Gate, p parts) bool {
			var header struct{ Alg string } // encoding/json ignores case
			return json.Unmarshal(p.headerText, &header) == nil && p.header["alg"] == nil && header.Alg == "none"
		}),
		token("alg-empty", func(_ *Gate, p parts) bool { return p.header["alg"] == "" }),
		token("alg-null", func(_ *Gate, p parts) bool { return bytes.Contains(p.headerText, []byte(`"alg":null`)) }),
		token("alg-number", func(_ *Gate, p parts) bool { n, ok := p.header["alg"].(float64); return ok && n == 0 }), // an enum, and 0 is none
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
