package forge

import (
	"slices"
	"strings"

	"m2m/internal/jsonobject"
)

const (
	fixSignature = "verify the signature of every token, with the issuer's key, before anything in it is used"
	fixSpelling  = "reject a token that is not spelled exactly: three parts of base64url without padding, no spare bits; RFC 7515 section 2"
)

// signatureCases test whether the signature is verified.
func signatureCases() []Case {
	with := func(change func([]byte) []byte) func(*Kit) (string, error) {
		return func(k *Kit) (string, error) {
			return k.segments[0] + "." + k.segments[1] + "." + encode(change(slices.Clone(k.signature))), nil
		}
	}
	return tokenCases(Signature, AnybodyIn, fixSignature,
		forgery{"signature-empty", "the valid token with nothing after the second dot", with(func([]byte) []byte { return nil })},
		forgery{"signature-absent", "the valid token without its third part", func(k *Kit) (string, error) {
			return k.segments[0] + "." + k.segments[1], nil
		}},
		forgery{"signature-cut", "the signature without its last four bytes", with(func(s []byte) []byte { return s[:max(0, len(s)-4)] })},
		forgery{"signature-one-byte", "the signature's first byte alone", with(func(s []byte) []byte { return s[:1] })},
		forgery{"signature-flipped-first", "one bit of the signature's first byte turned", with(flipBit(0))},
		forgery{"signature-flipped-middle", "one bit in the middle of the signature turned",
			with(func(s []byte) []byte { return flipBit(len(s) / 2)(s) })},
		forgery{"signature-flipped-last", "one bit of the signature's last byte turned",
			with(func(s []byte) []byte { return flipBit(len(s) - 1)(s) })},
		forgery{"signature-longer", "the signature with one byte more", with(func(s []byte) []byte { return append(s, 0) })},
		forgery{"signature-twice", "the signature twice", with(func(s []byte) []byte { return append(s, s...) })},
		forgery{"signature-zero", "a signature of zeros", with(func(s []byte) []byte { return make([]byte, len(s)) })},
		forgery{"signature-one", "a signature that is the number 1", with(func(s []byte) []byte { return append(make([]byte, len(s)-1), 1) })},
		forgery{"signature-no-base64", "a signature that is not base64url", func(k *Kit) (string, error) {
			return k.segments[0] + "." + k.segments[1] + ".~~~~", nil
		}},
	)
}

func flipBit(at int) func([]byte) []byte {
	return func(s []byte) []byte {
		s[at] ^= 1
		return s
	}
}

// contentCases test whether the signature covers what is read. All of them have
// the signature of the valid token.
func contentCases() []Case {
	payload := func(change edit) func(*Kit) (string, error) {
		return func(k *Kit) (string, error) {
			return k.segments[0] + "." + encode([]byte(change(k.claims).String())) + "." + k.segments[2], nil
		}
	}
	set := func(name, value string) func(*Kit) (string, error) {
		return payload(func(o jsonobject.Object) jsonobject.Object { return o.With(name, value) })
	}
	header := func(change func(string) string) func(*Kit) (string, error) {
		return func(k *Kit) (string, error) {
			return encode([]byte(change(k.header.String()))) + "." + k.segments[1] + "." + k.segments[2], nil
		}
	}
	return tokenCases(Content, AnybodyIn, fixSignature+"; the signature covers the bytes that were sent, not the JSON read from them",
		forgery{"payload-roles", "roles added to the claims", set("roles", `["m2m.probe.admin"]`)},
		forgery{"payload-expiry", "the expiry moved ten years on", set("exp", "2111111111")},
		forgery{"payload-subject", "another subject", set("sub", `"00000000-0000-4000-8000-000000000000"`)},
		forgery{"payload-tenant", "another tenant", set("tid", `"00000000-0000-4000-8000-000000000000"`)},
		forgery{"payload-spaced", "the same claims with other white space", func(k *Kit) (string, error) {
			return k.segments[0] + "." + encode([]byte(" "+string(k.payload))) + "." + k.segments[2], nil
		}},
		forgery{"payload-reordered", "the same claims in another order", payload(func(o jsonobject.Object) jsonobject.Object {
			o = slices.Clone(o)
			slices.Reverse(o)
			return o
		})},
		forgery{"header-added", "a member added to the header",
			header(func(s string) string { return strings.TrimSuffix(s, "}") + `,"m2m":1}` })},
		forgery{"header-spaced", "the same header with other white space", header(func(s string) string { return s + " " })},
		forgery{"header-typ", `"typ": "at+jwt" in the header`, func(k *Kit) (string, error) {
			return encode([]byte(k.header.With("typ", `"at+jwt"`).String())) + "." + k.segments[1] + "." + k.segments[2], nil
		}},
	)
}

const fixAlgorithm = "name the algorithms that you accept (RS256, nothing else) and reject any other alg before a key is looked up; " +
	"RFC 8725 section 3.1"

// unsignedCases test whether a token may declare that it has no signature
// (RFC 7519 section 6, RFC 8725 section 2.1).
func unsignedCases() []Case {
	none := func(alg string) func(*Kit) (string, error) {
		return editedHeader(func(o jsonobject.Object) jsonobject.Object { return o.With("alg", jsonobject.Quote(alg)) }, noSignature)
	}
	absent := func(o jsonobject.Object) jsonobject.Object { return o.Without("alg") }
	value := func(text string) edit {
		return func(o jsonobject.Object) jsonobject.Object { return o.With("alg", text) }
	}
	return tokenCases(NoAlgorithm, AnybodyIn, fixAlgorithm,
		forgery{"alg-none", `"alg": "none" without a signature`, none("none")},
		forgery{"alg-none-capital", `"alg": "None" without a signature`, none("None")},
		forgery{"alg-none-upper", `"alg": "NONE" without a signature`, none("NONE")},
		forgery{"alg-none-mixed", `"alg": "nOnE" without a signature`, none("nOnE")},
		forgery{"alg-none-space", `"alg": "none " without a signature`, none("none ")},
		forgery{"alg-none-signed", `"alg": "none" with the signature of the valid token`, editedHeader(value(`"none"`), validSignature)},
		forgery{"alg-none-two-parts", `"alg": "none" and no third part at all`, func(k *Kit) (string, error) {
			token, err := none("none")(k)
			return strings.TrimSuffix(token, "."), err
		}},
		forgery{"alg-none-list", `"alg": ["none"] without a signature`, editedHeader(value(`["none"]`), noSignature)},
		forgery{"alg-none-first", `alg twice: "none", then the valid one`,
			editedHeader(func(o jsonobject.Object) jsonobject.Object { return o.Prepend("alg", `"none"`) }, noSignature)},
		forgery{"alg-none-last", `alg twice: the valid one, then "none"`,
			editedHeader(func(o jsonobject.Object) jsonobject.Object { return o.Append("alg", `"none"`) }, noSignature)},
		forgery{"alg-none-other-case", `"ALG": "none" instead of alg`,
			editedHeader(func(o jsonobject.Object) jsonobject.Object { return absent(o).Append("ALG", `"none"`) }, noSignature)},
		forgery{"alg-empty", `"alg": "" without a signature`, none("")},
		forgery{"alg-null", `"alg": null without a signature`, editedHeader(value("null"), noSignature)},
		forgery{"alg-number", `"alg": 0 without a signature`, editedHeader(value("0"), noSignature)},
		forgery{"alg-absent", "no alg and no signature", editedHeader(absent, noSignature)},
		forgery{"alg-absent-signed", "no alg, with the signature of the valid token", editedHeader(absent, validSignature)},
		forgery{"alg-unknown", `"alg": "XX256" without a signature`, none("XX256")},
		forgery{"alg-lower", `"alg": "rs256" with the signature of the valid token`, editedHeader(value(`"rs256"`), validSignature)},
		forgery{"alg-rs1", `"alg": "RS1" with the signature of the valid token`, editedHeader(value(`"RS1"`), validSignature)},
		forgery{"alg-rs512", `"alg": "RS512" with the signature of the valid token`, editedHeader(value(`"RS512"`), validSignature)},
		forgery{"alg-ps256", `"alg": "PS256" with the signature of the valid token`, editedHeader(value(`"PS256"`), validSignature)},
	)
}
