package probe

import (
	"slices"
	"strings"

	"m2m/internal/jsonobject"
)

const (
	fixSignature = "verify the signature of every token, with the issuer's key, before anything in it is used"
	fixSpelling  = "refuse a token that is not spelled exactly: three parts of base64url without padding, no spare bits; RFC 7515 section 2"
)

// signatureCases ask whether the signature is looked at.
func signatureCases() []Case {
	with := func(change func([]byte) []byte) func(*kit) (string, error) {
		return func(k *kit) (string, error) {
			return k.segments[0] + "." + k.segments[1] + "." + encode(change(slices.Clone(k.signature))), nil
		}
	}
	return forgeries(Signature, Critical, fixSignature,
		row{"signature-empty", "the valid token with nothing after the second dot", with(func([]byte) []byte { return nil })},
		row{"signature-absent", "the valid token without its third part", func(k *kit) (string, error) {
			return k.segments[0] + "." + k.segments[1], nil
		}},
		row{"signature-cut", "the signature without its last four bytes", with(func(s []byte) []byte { return s[:max(0, len(s)-4)] })},
		row{"signature-one-byte", "the signature's first byte alone", with(func(s []byte) []byte { return s[:1] })},
		row{"signature-flipped-first", "one bit of the signature's first byte turned", with(flip(0))},
		row{"signature-flipped-middle", "one bit in the middle of the signature turned", with(func(s []byte) []byte { return flip(len(s) / 2)(s) })},
		row{"signature-flipped-last", "one bit of the signature's last byte turned", with(func(s []byte) []byte { return flip(len(s) - 1)(s) })},
		row{"signature-longer", "the signature with one byte more", with(func(s []byte) []byte { return append(s, 0) })},
		row{"signature-twice", "the signature twice", with(func(s []byte) []byte { return append(s, s...) })},
		row{"signature-zero", "a signature of zeros", with(func(s []byte) []byte { return make([]byte, len(s)) })},
		row{"signature-one", "a signature that is the number 1", with(func(s []byte) []byte { return append(make([]byte, len(s)-1), 1) })},
		row{"signature-no-base64", "a signature that is not base64url", func(k *kit) (string, error) {
			return k.segments[0] + "." + k.segments[1] + ".~~~~", nil
		}},
	)
}

func flip(at int) func([]byte) []byte {
	return func(s []byte) []byte {
		s[at] ^= 1
		return s
	}
}

// contentCases ask whether the signature covers what is read. All of them have
// the signature of the valid token.
func contentCases() []Case {
	payload := func(change func(jsonobject.Object) jsonobject.Object) func(*kit) (string, error) {
		return func(k *kit) (string, error) {
			return k.segments[0] + "." + encode([]byte(change(k.claims).String())) + "." + k.segments[2], nil
		}
	}
	set := func(name, value string) func(*kit) (string, error) {
		return payload(func(o jsonobject.Object) jsonobject.Object { return o.With(name, value) })
	}
	header := func(change func(string) string) func(*kit) (string, error) {
		return func(k *kit) (string, error) {
			return encode([]byte(change(k.header.String()))) + "." + k.segments[1] + "." + k.segments[2], nil
		}
	}
	return forgeries(Content, Critical, fixSignature+"; the signature covers the bytes that were sent, not the JSON read from them",
		row{"payload-roles", "roles added to the claims", set("roles", `["m2m.probe.admin"]`)},
		row{"payload-expiry", "the expiry moved ten years on", set("exp", "2111111111")},
		row{"payload-subject", "another subject", set("sub", `"00000000-0000-4000-8000-000000000000"`)},
		row{"payload-tenant", "another tenant", set("tid", `"00000000-0000-4000-8000-000000000000"`)},
		row{"payload-spaced", "the same claims with other white space", func(k *kit) (string, error) {
			return k.segments[0] + "." + encode([]byte(" "+string(k.payload))) + "." + k.segments[2], nil
		}},
		row{"payload-reordered", "the same claims in another order", payload(func(o jsonobject.Object) jsonobject.Object {
			o = slices.Clone(o)
			slices.Reverse(o)
			return o
		})},
		row{"header-added", "a member added to the header", header(func(s string) string { return strings.TrimSuffix(s, "}") + `,"m2m":1}` })},
		row{"header-spaced", "the same header with other white space", header(func(s string) string { return s + " " })},
		row{"header-typ", `"typ": "at+jwt" in the header`, func(k *kit) (string, error) {
			return encode([]byte(k.header.With("typ", `"at+jwt"`).String())) + "." + k.segments[1] + "." + k.segments[2], nil
		}},
	)
}
