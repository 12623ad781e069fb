package forge

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

// formCases send what is not a token, tokens of other forms, and other spellings
// of the valid one.
func formCases() []Case {
	return slices.Concat(
		tokenCases(Form, AnybodyIn, fixSignature,
			forgery{"form-word", "a word that is not a token", func(*Kit) (string, error) { return "m2m-probe", nil }},
			forgery{"form-dots", "two dots and nothing else", func(*Kit) (string, error) { return "..", nil }},
			forgery{"form-null", "the words null and undefined", func(*Kit) (string, error) { return "null.undefined.null", nil }},
			forgery{"header-null", "the header is null", rawHeader("null")},
			forgery{"header-list", "the header is a list", rawHeader(`["RS256"]`)},
			forgery{"header-empty", "the header is an empty object", rawHeader("{}")},
			forgery{"header-no-json", "the header is not JSON", rawHeader("alg=none")},
			forgery{"payload-null", "the payload is null", rawPayload("null")},
			forgery{"payload-list", "the payload is a list", rawPayload("[]")},
			forgery{"payload-empty", "the payload is an empty object", rawPayload("{}")},
			forgery{"payload-text", "the payload is a string", rawPayload(`"m2m-probe"`)},
			forgery{"payload-no-utf8", "the payload is not UTF-8", rawPayload("{\"sub\":\"\xff\xfe\"}")},
			forgery{"jws-json-unprotected", "the JSON form, with alg none in the header that nothing protects (GHSA-jc38-x7x8-2xc8)",
				func(k *Kit) (string, error) {
					return jsonobject.Of(
						"payload", jsonobject.Quote(k.segments[1]),
						"protected", jsonobject.Quote(encode([]byte(k.header.Without("alg").String()))),
						"header", `{"alg":"none"}`, "signature", `""`,
					).String(), nil
				}},
			forgery{"jwe-direct", "an encrypted token of five parts, with a key of the probe", jweDirect},
			forgery{"jwe-public-key", "an unsigned token, encrypted with the issuer's public key", jwePublicKey},
		),
		tokenCases(Form, OwnToken, fixSpelling,
			forgery{"jws-json", "the valid token in the JSON form of RFC 7515 section 7.2", func(k *Kit) (string, error) {
				return jsonobject.Of(
					"payload", jsonobject.Quote(k.segments[1]),
					"protected", jsonobject.Quote(k.segments[0]),
					"signature", jsonobject.Quote(k.segments[2]),
				).String(), nil
			}},
			forgery{"four-parts", "the valid token and a fourth part", func(k *Kit) (string, error) { return k.valid.Reveal() + ".e30", nil }},
			forgery{"dot-first", "a dot before the valid token", func(k *Kit) (string, error) { return "." + k.valid.Reveal(), nil }},
			forgery{"dot-last", "a dot after the valid token", func(k *Kit) (string, error) { return k.valid.Reveal() + ".", nil }},
			forgery{"padding", "the valid token with padding after its signature", func(k *Kit) (string, error) {
				return k.valid.Reveal() + strings.Repeat("=", (4-len(k.segments[2])%4)%4), nil
			}},
			forgery{"padding-header", "the valid token with padding after its header", func(k *Kit) (string, error) {
				return k.segments[0] + "==." + k.segments[1] + "." + k.segments[2], nil
			}},
			forgery{"spare-bits", "the same signature with its spare bits set", spareBits},
			forgery{"other-alphabet", "the signature in plain base64, with + and /", func(k *Kit) (string, error) {
				s := base64.RawStdEncoding.EncodeToString(k.signature)
				if s == k.segments[2] {
					return "", &notApplicable{"this signature is spelled the same in both alphabets"}
				}
				return k.segments[0] + "." + k.segments[1] + "." + s, nil
			}},
			forgery{"quoted", "the valid token in quotes", func(k *Kit) (string, error) { return `"` + k.valid.Reveal() + `"`, nil }},
			forgery{"percent", "the valid token with %2E for its dots", func(k *Kit) (string, error) {
				return strings.ReplaceAll(k.valid.Reveal(), ".", "%2E"), nil
			}},
			forgery{"space-inside", "the valid token with a space before its signature", func(k *Kit) (string, error) {
				return k.segments[0] + "." + k.segments[1] + ". " + k.segments[2], nil
			}},
			forgery{"word-after", "a word after the valid token", func(k *Kit) (string, error) { return k.valid.Reveal() + " m2m", nil }},
			forgery{"bytes-after", "the valid token and bytes that are not ASCII",
				func(k *Kit) (string, error) { return k.valid.Reveal() + "\xc2\xa0", nil }},
		),
	)
}

func rawHeader(text string) func(*Kit) (string, error) {
	return func(k *Kit) (string, error) { return k.compose(text, k.payload, signRS256) }
}

func rawPayload(text string) func(*Kit) (string, error) {
	return func(k *Kit) (string, error) { return k.compose(k.header.String(), []byte(text), signRS256) }
}

// spareBits spells the signature's last character in another way: base64 has
// spare bits where the length is not a multiple of three.
func spareBits(k *Kit) (string, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(k.signature)%3 == 0 {
		return "", &notApplicable{"a signature of this length has no spare bits"}
	}
	s := k.segments[2]
	last := strings.IndexByte(alphabet, s[len(s)-1])
	return k.segments[0] + "." + k.segments[1] + "." + s[:len(s)-1] + alphabet[last|1:last|1+1], nil
}

// jweDirect is a token that is encrypted with a key of the probe (RFC 7516).
func jweDirect(k *Kit) (string, error) {
	return encrypted(`{"alg":"dir","enc":"A256GCM","cty":"JWT"}`, []byte(k.valid.Reveal()), make([]byte, 32), nil)
}

// jwePublicKey encrypts an unsigned token for the issuer's key: a server that
// decrypts with it and asks for no signature within takes it.
func jwePublicKey(k *Kit) (string, error) {
	key, err := k.issuerKey()
	if err != nil {
		return "", err
	}
	inner, _ := k.compose(`{"alg":"none"}`, k.payload, noSignature) // without a signature nothing fails
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
	cases := tokenCases(Size, AnybodyIn, fixSize,
		forgery{"size-dots", "20,000 dots (CVE-2025-30204)", func(*Kit) (string, error) { return strings.Repeat(".", 20_000), nil }},
		forgery{"size-depth", "a payload of 9,000 lists in one another", func(k *Kit) (string, error) {
			return k.compose(k.header.String(), []byte(`{"x":`+strings.Repeat("[", 9000)+strings.Repeat("]", 9000)+"}"), signRS256)
		}},
		forgery{"size-number", "an expiry of 10,000 digits", func(k *Kit) (string, error) {
			return k.compose(k.header.String(), []byte(k.claims.With("exp", strings.Repeat("9", 10_000)).String()), signRS256)
		}},
		forgery{"jwe-iterations", "an encrypted token that asks for 2,147,483,647 rounds of PBKDF2 (CVE-2026-27932)", func(*Kit) (string, error) {
			return encrypted(`{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":2147483647,"p2s":"bTJtLXByb2JlLXNhbHQ"}`,
				[]byte("m2m-probe"), make([]byte, 32), make([]byte, 40))
		}},
		forgery{"size-100k", "a token of 100 KB", func(k *Kit) (string, error) {
			return k.compose(k.header.String(), []byte(k.claims.With("x", jsonobject.Quote(strings.Repeat("x", 72_000))).String()), signRS256)
		}},
		forgery{"size-2m", "a header field of 2 MB", func(k *Kit) (string, error) {
			return k.segments[0] + "." + strings.Repeat("A", 2_000_000) + "." + k.segments[2], nil
		}},
	)
	for i := range cases {
		cases[i].Safe, cases[i].MayClose = "401, 400, 413 or 431", true
	}
	return cases
}
