package forge

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"strings"
	"unicode"

	"m2m/internal/jsonobject"
)

const fixHeader = "verify the signature first, and reject a header with crit, b64, cty or zip: no Entra token has them; RFC 7515 " +
	"section 4.1.11, RFC 8725 section 3.12"

// headerCases use extensions of the header in ways that confuse. None of them
// has a valid signature.
func headerCases() []Case {
	set := func(name, value string) edit {
		return func(o jsonobject.Object) jsonobject.Object { return o.With(name, value) }
	}
	return tokenCases(Header, AnybodyIn, fixHeader,
		forgery{"crit-unknown", "crit names an unknown extension", editedHeader(func(o jsonobject.Object) jsonobject.Object {
			return o.With("crit", `["m2m"]`).With("m2m", "true")
		}, signRS256)},
		forgery{"crit-empty", "crit is an empty list", editedHeader(set("crit", "[]"), signRS256)},
		forgery{"crit-type", "crit is a string", editedHeader(set("crit", `"exp"`), signRS256)},
		forgery{"b64-false", "b64 is false: the payload is not encoded (RFC 7797)", func(k *Kit) (string, error) {
			header := encode([]byte(k.header.With("b64", "false").With("crit", `["b64"]`).String()))
			signature, err := signRS256(k, header+"."+string(k.payload))
			return header + "." + k.segments[1] + "." + encode(signature), err
		}},
		forgery{"b64-false-alone", "b64 is false and crit does not list it", editedHeader(set("b64", "false"), validSignature)},
		forgery{"zip", "the payload is compressed, as zip says", func(k *Kit) (string, error) {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, flate.BestCompression) // the level is a valid one
			_, _ = w.Write(k.payload)                          // a buffer takes everything
			_ = w.Close()
			return k.compose(k.header.With("zip", `"DEF"`).String(), b.Bytes(), signRS256)
		}},
		forgery{"typ-other", `"typ": "logout+jwt"`, editedHeader(set("typ", `"logout+jwt"`), signRS256)},
		forgery{"typ-number", "typ is a number", editedHeader(set("typ", "7"), signRS256)},
		forgery{"nested-none", "the valid token inside an unsigned one", func(k *Kit) (string, error) {
			header := jsonobject.Of("alg", `"none"`, "cty", `"JWT"`)
			return k.compose(header.String(), []byte(k.valid.Reveal()), noSignature)
		}},
		forgery{"nested-foreign", "the valid token inside one that we signed", func(k *Kit) (string, error) {
			return k.compose(k.header.With("cty", `"JWT"`).String(), []byte(k.valid.Reveal()), signRS256)
		}},
		forgery{"header-many", "a header of 2,000 members", editedHeader(func(o jsonobject.Object) jsonobject.Object {
			for i := range 2000 {
				o = append(o, jsonobject.Member{Name: "m" + strings.Repeat("x", i%7), Value: "0"})
			}
			return o
		}, signRS256)},
	)
}

const fixKID = "take the kid for the name of a key in the issuer's set and for nothing else: a string, bounded, compared " +
	"exactly, never part of a path, a query, a command or an address"

// keyIDCases test how the key ID is used. Where a path or a query would lead to a
// known secret, the token is signed with that.
func keyIDCases() []Case {
	secret := func(kid, secret string) func(*Kit) (string, error) {
		return func(k *Kit) (string, error) {
			header := k.header.With("alg", `"HS256"`).With("kid", jsonobject.Quote(kid))
			return k.compose(header.String(), k.payload, signHMAC(sha256.New, []byte(secret)))
		}
	}
	header := func(change edit, sign signFunc) func(*Kit) (string, error) {
		return editedHeader(func(o jsonobject.Object) jsonobject.Object { return change(o.With("alg", `"RS256"`)) }, sign)
	}
	value := func(text string) func(*Kit) (string, error) {
		return header(func(o jsonobject.Object) jsonobject.Object { return o.With("kid", text) }, signRS256)
	}
	return tokenCases(KeyID, AnybodyIn, fixKID,
		forgery{"kid-path", "the kid is a relative path to /dev/null; HS256 with the empty secret",
			secret("../../../../../../../../dev/null", "")},
		forgery{"kid-path-absolute", "the kid is /dev/null; HS256 with the empty secret", secret("/dev/null", "")},
		forgery{"kid-path-file", "the kid is file:///dev/null; HS256 with the empty secret", secret("file:///dev/null", "")},
		forgery{"kid-path-missing", "the kid is a path that is not there; HS256 with the empty secret",
			secret("../../../m2m-probe/not-there", "")},
		forgery{"kid-path-known", "the kid is the path of a file with known content; HS256 with that",
			secret("../../../../../../../../proc/sys/kernel/randomize_va_space", "2\n")},
		forgery{"kid-sql", "the kid selects a secret of our own in SQL; HS256 with that", secret("x' UNION SELECT 'm2m-probe'-- ", "m2m-probe")},
		forgery{"kid-sql-quote", "the kid has a quote in it", value(`"x' OR '1'='1"`)},
		forgery{"kid-command", "the kid runs sleep 5 in a shell", value(`"x|sleep 5;$(sleep 5)"`)},
		forgery{"kid-prototype", `the kid is "__proto__"; HS256 with the empty secret`, secret("__proto__", "")},
		forgery{"kid-constructor", `the kid is "constructor"`, value(`"constructor"`)},
		forgery{"kid-absent", "no kid, with the signature of the valid token",
			header(func(o jsonobject.Object) jsonobject.Object { return o.Without("kid", "x5t") }, validSignature)},
		forgery{"kid-empty", "an empty kid", value(`""`)},
		forgery{"kid-null", "the kid is null", value("null")},
		forgery{"kid-number", "the kid is 0", value("0")},
		forgery{"kid-boolean", "the kid is true", value("true")},
		forgery{"kid-list", "the kid is a list", value(`["m2m-probe"]`)},
		forgery{"kid-object", "the kid is an object, as of a query of MongoDB", value(`{"$ne":null}`)},
		forgery{"kid-long", "a kid of 4 KiB", value(jsonobject.Quote(strings.Repeat("k", 4<<10)))},
		forgery{"kid-control", "a kid with NUL and a line end", value(`"m2m\u0000\n-probe"`)},
		forgery{"kid-twice", "two kids: ours, then the issuer's",
			header(func(o jsonobject.Object) jsonobject.Object { return o.Prepend("kid", jsonobject.Quote(ownKID)) }, signRS256)},
		forgery{"kid-other-case", "the issuer's kid with small and capital letters swapped", header(func(o jsonobject.Object) jsonobject.Object {
			return o.With("kid", jsonobject.Quote(strings.Map(swapCase, o.Text("kid"))))
		}, signRS256)},
		forgery{"kid-other-key", "the kid of another key of the issuer", func(k *Kit) (string, error) {
			if _, err := k.issuerKey(); err != nil {
				return "", err
			}
			if len(k.others) == 0 {
				return "", &notApplicable{"the issuer's key set has no second key"}
			}
			return k.compose(k.header.With("kid", jsonobject.Quote(k.others[0].ID)).String(), k.payload, validSignature)
		}},
	)
}

func swapCase(r rune) rune {
	if unicode.IsUpper(r) {
		return unicode.ToLower(r)
	}
	return unicode.ToUpper(r)
}
