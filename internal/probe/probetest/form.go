package probetest

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// headerHoles follow what the header says beyond the algorithm.
func headerHoles() []Hole {
	member := func(name, member string, value any) Hole {
		return token(name, func(_ *Gate, p parts) bool {
			found, there := p.header[member]
			text, _ := json.Marshal(found)
			want, _ := json.Marshal(value)
			return there && bytes.Equal(text, want) && (name == "b64-false") == (p.header["crit"] != nil && member == "b64")
		})
	}
	nested := func(name string, when func(g *Gate, p parts) bool) Hole {
		return token(name, func(g *Gate, p parts) bool { return when(g, p) && g.verify(string(p.claimsText)) == nil })
	}
	return []Hole{
		member("crit-unknown", "crit", []string{"m2m"}), member("crit-empty", "crit", []string{}),
		member("crit-type", "crit", "exp"),
		member("b64-false", "b64", false), member("b64-false-alone", "b64", false),
		token("zip", func(_ *Gate, p parts) bool { // reads what it unpacked and forgets to verify it
			text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(p.claimsText)), 1<<20))
			return p.text("zip") == "DEF" && err == nil && json.Valid(text)
		}),
		member("typ-other", "typ", "logout+jwt"), member("typ-number", "typ", 7),
		nested("nested-none", func(_ *Gate, p parts) bool { return p.alg() == "none" }),
		nested("nested-foreign", func(_ *Gate, p parts) bool { return p.alg() == "RS256" }),
		fault("header-many",
			func(_ *Gate, _ *http.Request, p parts) bool { return strings.Count(string(p.headerText), ":") > 1000 }),
	}
}

// formHoles fail at what is not a token, or accept it.
func formHoles() []Hole {
	broken := func(name string, when func(p parts) bool) Hole {
		return fault(name, func(_ *Gate, _ *http.Request, p parts) bool { return when(p) })
	}
	header := func(text string) func(p parts) bool {
		return func(p parts) bool { return string(p.headerText) == text }
	}
	payload := func(text string) func(p parts) bool {
		return func(p parts) bool { return string(p.claimsText) == text }
	}
	return []Hole{
		token("form-word",
			func(_ *Gate, p parts) bool { return len(p.segments) == 1 && p.whole != "" }), // any API key will do
		broken("form-dots", func(p parts) bool { return p.whole == ".." }),
		broken("form-null", func(p parts) bool { return p.segments[0] == "null" }),
		broken("header-null", header("null")), broken("header-list", header(`["RS256"]`)),
		token("header-empty", func(_ *Gate, p parts) bool { return string(p.headerText) == "{}" }),
		broken("header-no-json", header("alg=none")),
		broken("payload-null", payload("null")), broken("payload-list", payload("[]")),
		token("payload-empty", func(_ *Gate, p parts) bool { return string(p.claimsText) == "{}" }),
		broken("payload-text", payload(`"m2m-probe"`)),
		broken("payload-no-utf8", func(p parts) bool { return bytes.Contains(p.claimsText, []byte{0xff, 0xfe}) }),
		token("jws-json-unprotected", func(_ *Gate, p parts) bool { // takes alg from wherever it is
			var form struct {
				Payload, Signature string
				Header             struct{ Alg string }
			}
			return json.Unmarshal([]byte(p.whole), &form) == nil && form.Payload != "" && form.Header.Alg == "none" && form.Signature == ""
		}),
		token("jwe-direct", func(g *Gate, p parts) bool {
			inner, ok := decrypt(p, make([]byte, 32))
			return ok && p.alg() == "dir" && g.verify(inner) == nil
		}),
		token("jwe-public-key", func(g *Gate, p parts) bool { // trusts whatever was encrypted with its own key
			key, err := rsa.DecryptOAEP(sha256.New(), nil, g.issuer.key, p.claimsText, nil)
			if err != nil {
				return false
			}
			inner, ok := decrypt(p, key)
			return ok && parseLoosely(inner).payload["aud"] == g.issuer.Audience
		}),
	}
}

// decrypt opens a JWE with A256GCM.
func decrypt(p parts, key []byte) (inner string, ok bool) {
	if len(p.segments) != 5 {
		return "", false
	}
	at := func(i int) []byte { b, _ := base64.RawURLEncoding.DecodeString(p.segments[i]); return b }
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", false
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil || len(at(2)) != gcm.NonceSize() {
		return "", false
	}
	text, err := gcm.Open(nil, at(2), append(at(3), at(4)...), []byte(p.segments[0]))
	return string(text), err == nil
}

// spellingHoles accept a token that is not spelled exactly.
func spellingHoles() []Hole {
	// mended corrects the spelling before it verifies.
	mended := func(name string, mend func(sent string) string) Hole {
		return Hole{Name: name, Let: func(g *Gate, r *http.Request) bool {
			sent := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			better := mend(sent)
			return better != sent && g.verify(better) == nil
		}}
	}
	trim := func(cutset string) func(string) string {
		return func(s string) string { return strings.Trim(s, cutset) }
	}
	return []Hole{
		mended("jws-json", func(s string) string {
			var form struct{ Protected, Payload, Signature string }
			_ = json.Unmarshal([]byte(s), &form)
			return form.Protected + "." + form.Payload + "." + form.Signature
		}),
		mended("four-parts", func(s string) string {
			segments := strings.Split(s, ".")
			return strings.Join(segments[:min(3, len(segments))], ".")
		}),
		mended("dot-first", func(s string) string { return strings.TrimPrefix(s, ".") }),
		mended("dot-last", func(s string) string { return strings.TrimSuffix(s, ".") }),
		mended("padding", func(s string) string { return strings.TrimRight(s, "=") }),
		mended("padding-header", func(s string) string { return strings.ReplaceAll(s, "==.", ".") }),
		mended("spare-bits", func(s string) string { // decodes, and encodes again
			head, last, _ := cutLast(s, ".")
			b, _ := base64.RawURLEncoding.DecodeString(last)
			return head + "." + b64(b)
		}),
		mended("other-alphabet", strings.NewReplacer("+", "-", "/", "_").Replace),
		mended("quoted", trim(`"`)),
		mended("percent", func(s string) string { return strings.ReplaceAll(s, "%2E", ".") }),
		mended("space-inside", func(s string) string { return strings.ReplaceAll(s, " ", "") }),
		mended("word-after", func(s string) string { word, _, _ := strings.Cut(s, " "); return word }),
		mended("bytes-after", func(s string) string { return strings.TrimRight(s, "\u00a0") }),
	}
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// sizeHoles process a token before they check its size.
func sizeHoles() []Hole {
	return []Hole{
		stall("size-dots", func(_ *Gate, p parts) bool { return len(p.segments) > 10_000 }),
		fault("size-depth",
			func(_ *Gate, _ *http.Request, p parts) bool { return bytes.Count(p.claimsText, []byte("[")) > 1000 }),
		fault("size-number", func(_ *Gate, _ *http.Request, p parts) bool {
			return bytes.Contains(p.claimsText, bytes.Repeat([]byte("9"), 1000))
		}),
		stall("jwe-iterations", func(_ *Gate, p parts) bool { rounds, _ := p.header["p2c"].(float64); return rounds > 1e6 }),
		fault("size-100k",
			func(_ *Gate, _ *http.Request, p parts) bool { return len(p.whole) > 90_000 && len(p.whole) < 200_000 }),
		stall("size-2m", func(_ *Gate, p parts) bool { return len(p.whole) > 1_000_000 }),
	}
}
