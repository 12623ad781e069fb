package probe

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"m2m/internal/jsonobject"
)

// formCases are no tokens at all, tokens of other forms, and other spellings of
// the valid one.
func formCases() []Case {
	return slices.Concat(
		forgeries(Form, Critical, fixSignature,
			row{"form-word", "a word that is no token", func(*kit) (string, error) { return "m2m-probe", nil }},
			row{"form-dots", "two dots and nothing else", func(*kit) (string, error) { return "..", nil }},
			row{"form-null", "the words null and undefined", func(*kit) (string, error) { return "null.undefined.null", nil }},
			row{"header-null", "the header is null", withHeader("null")},
			row{"header-list", "the header is a list", withHeader(`["RS256"]`)},
			row{"header-empty", "the header is an empty object", withHeader("{}")},
			row{"header-no-json", "the header is not JSON", withHeader("alg=none")},
			row{"payload-null", "the payload is null", withPayload("null")},
			row{"payload-list", "the payload is a list", withPayload("[]")},
			row{"payload-empty", "the payload is an empty object", withPayload("{}")},
			row{"payload-text", "the payload is a string", withPayload(`"m2m-probe"`)},
			row{"payload-no-utf8", "the payload is not UTF-8", withPayload("{\"sub\":\"\xff\xfe\"}")},
			row{"jwe-direct", "an encrypted token of five parts, with a key of ours", jweDirect},
			row{"jwe-public-key", "an unsigned token, encrypted with the issuer's public key", jwePublicKey},
		),
		forgeries(Form, Low, fixSpelling,
			row{"jws-json", "the valid token in the JSON form of RFC 7515 section 7.2", func(k *kit) (string, error) {
				return jsonobject.Of("payload", jsonobject.Quote(k.segments[1]), "protected", jsonobject.Quote(k.segments[0]), "signature", jsonobject.Quote(k.segments[2])).String(), nil
			}},
			row{"four-parts", "the valid token and a fourth part", func(k *kit) (string, error) { return k.valid.Reveal() + ".e30", nil }},
			row{"dot-first", "a dot before the valid token", func(k *kit) (string, error) { return "." + k.valid.Reveal(), nil }},
			row{"dot-last", "a dot after the valid token", func(k *kit) (string, error) { return k.valid.Reveal() + ".", nil }},
			row{"padding", "the valid token with padding after its signature", func(k *kit) (string, error) {
				return k.valid.Reveal() + strings.Repeat("=", (4-len(k.segments[2])%4)%4), nil
			}},
			row{"padding-header", "the valid token with padding after its header", func(k *kit) (string, error) {
				return k.segments[0] + "==." + k.segments[1] + "." + k.segments[2], nil
			}},
			row{"spare-bits", "the same signature with its spare bits set", spareBits},
			row{"other-alphabet", "the signature in plain base64, with + and /", func(k *kit) (string, error) {
				s := base64.RawStdEncoding.EncodeToString(k.signature)
				if s == k.segments[2] {
					return "", &notApplicable{"this signature is spelled the same in both alphabets"}
				}
				return k.segments[0] + "." + k.segments[1] + "." + s, nil
			}},
			row{"quoted", "the valid token in quotes", func(k *kit) (string, error) { return `"` + k.valid.Reveal() + `"`, nil }},
			row{"percent", "the valid token with %2E for its dots", func(k *kit) (string, error) {
				return strings.ReplaceAll(k.valid.Reveal(), ".", "%2E"), nil
			}},
			row{"space-inside", "the valid token with a space before its signature", func(k *kit) (string, error) {
				return k.segments[0] + "." + k.segments[1] + ". " + k.segments[2], nil
			}},
			row{"word-after", "a word after the valid token", func(k *kit) (string, error) { return k.valid.Reveal() + " m2m", nil }},
			row{"bytes-after", "the valid token and bytes that are not ASCII", func(k *kit) (string, error) { return k.valid.Reveal() + "\xc2\xa0", nil }},
		),
	)
}

func withHeader(text string) func(*kit) (string, error) {
	return func(k *kit) (string, error) { return k.forged(text, k.payload, ownKey) }
}

func withPayload(text string) func(*kit) (string, error) {
	return func(k *kit) (string, error) { return k.forged(k.header.String(), []byte(text), ownKey) }
}

// spareBits spells the signature's last character in another way: base64 has
// bits to spare where the length is no multiple of three.
func spareBits(k *kit) (string, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(k.signature)%3 == 0 {
		return "", &notApplicable{"a signature of this length has no spare bits"}
	}
	s := k.segments[2]
	last := strings.IndexByte(alphabet, s[len(s)-1])
	return k.segments[0] + "." + k.segments[1] + "." + s[:len(s)-1] + alphabet[last|1:last|1+1], nil
}

// jweDirect is a token that is encrypted with a key of ours (RFC 7516).
func jweDirect(k *kit) (string, error) {
	return encrypted(`{"alg":"dir","enc":"A256GCM","cty":"JWT"}`, []byte(k.valid.Reveal()), make([]byte, 32), nil)
}

// jwePublicKey encrypts an unsigned token for the issuer's key: a server that
// decrypts with it and asks for no signature within takes it.
func jwePublicKey(k *kit) (string, error) {
	key, err := k.issuerKey()
	if err != nil {
		return "", err
	}
	inner, _ := k.forged(`{"alg":"none"}`, k.payload, unsigned) // without a signature nothing fails
	content := make([]byte, 32)
	_, _ = rand.Read(content) // never fails
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, key.Public, content, nil)
	if err != nil {
		return "", &notApplicable{"the issuer's key is too small to encrypt with"}
	}
	header := jsonobject.Of("alg", `"RSA-OAEP-256"`, "enc", `"A256GCM"`, "cty", `"JWT"`, "kid", jsonobject.Quote(key.ID))
	return encrypted(header.String(), []byte(inner), content, wrapped)
}

// encrypted is a JWE in compact form with A256GCM.
func encrypted(header string, content, key, wrapped []byte) (string, error) {
	block, err := aes.NewCipher(key)
	gcm, gcmErr := cipher.NewGCM(block)
	if err = errors.Join(err, gcmErr); err != nil {
		return "", err
	}
	protected, iv := encode([]byte(header)), make([]byte, gcm.NonceSize())
	_, _ = rand.Read(iv) // never fails
	sealed := gcm.Seal(nil, iv, content, []byte(protected))
	text, tag := sealed[:len(content)], sealed[len(content):]
	return strings.Join([]string{protected, encode(wrapped), encode(iv), encode(text), encode(tag)}, "."), nil
}

const fixSize = "bound the token before it is split or parsed: 16 KiB and exactly three parts, JSON no deeper than eight levels"

// sizeCases are large, or deep.
func sizeCases() []Case {
	cases := forgeries(Size, High, fixSize,
		row{"size-dots", "20,000 dots (CVE-2025-30204)", func(*kit) (string, error) { return strings.Repeat(".", 20_000), nil }},
		row{"size-depth", "a payload of 9,000 lists in one another", func(k *kit) (string, error) {
			return k.forged(k.header.String(), []byte(`{"x":`+strings.Repeat("[", 9000)+strings.Repeat("]", 9000)+"}"), ownKey)
		}},
		row{"size-number", "an expiry of 10,000 digits", func(k *kit) (string, error) {
			return k.forged(k.header.String(), []byte(k.claims.With("exp", strings.Repeat("9", 10_000)).String()), ownKey)
		}},
		row{"size-100k", "a token of 100 KB", func(k *kit) (string, error) {
			return k.forged(k.header.String(), []byte(k.claims.With("x", jsonobject.Quote(strings.Repeat("x", 72_000))).String()), ownKey)
		}},
		row{"size-2m", "a header field of 2 MB", func(k *kit) (string, error) {
			return k.segments[0] + "." + strings.Repeat("A", 2_000_000) + "." + k.segments[2], nil
		}},
	)
	for i := range cases {
		cases[i].mayClose = true
	}
	return cases
}
