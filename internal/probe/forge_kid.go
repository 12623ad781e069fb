package probe

import (
	"crypto/sha256"
	"strings"
	"unicode"

	"m2m/internal/jsonobject"
)

const fixKID = "take the kid for the name of a key in the issuer's set and for nothing else: a string, bounded, compared exactly, never part of a path, a query, a command or an address"

// keyIDCases ask what becomes of the key ID. Where a path or a query would lead
// to a known secret, the token is signed with that.
func keyIDCases() []Case {
	secret := func(kid, secret string) func(*kit) (string, error) {
		return func(k *kit) (string, error) {
			header := k.header.With("alg", `"HS256"`).With("kid", jsonobject.Quote(kid))
			return k.forged(header.String(), k.payload, keyed(sha256.New, []byte(secret)))
		}
	}
	header := func(change func(jsonobject.Object) jsonobject.Object, sign signer) func(*kit) (string, error) {
		return headed(func(o jsonobject.Object) jsonobject.Object { return change(o.With("alg", `"RS256"`)) }, sign)
	}
	value := func(text string) func(*kit) (string, error) {
		return header(func(o jsonobject.Object) jsonobject.Object { return o.With("kid", text) }, ownKey)
	}
	return forgeries(KeyID, Critical, fixKID,
		row{"kid-path", "the kid is a relative path to /dev/null; HS256 with the empty secret", secret("../../../../../../../../dev/null", "")},
		row{"kid-path-absolute", "the kid is /dev/null; HS256 with the empty secret", secret("/dev/null", "")},
		row{"kid-path-file", "the kid is file:///dev/null; HS256 with the empty secret", secret("file:///dev/null", "")},
		row{"kid-path-missing", "the kid is a path that is not there; HS256 with the empty secret", secret("../../../m2m-probe/not-there", "")},
		row{"kid-path-known", "the kid is the path of a file with known content; HS256 with that", secret("../../../../../../../../proc/sys/kernel/randomize_va_space", "2\n")},
		row{"kid-sql", "the kid selects a secret of our own in SQL; HS256 with that", secret("x' UNION SELECT 'm2m-probe'-- ", "m2m-probe")},
		row{"kid-sql-quote", "the kid has a quote in it", value(`"x' OR '1'='1"`)},
		row{"kid-command", "the kid runs sleep 5 in a shell", value(`"x|sleep 5;$(sleep 5)"`)},
		row{"kid-prototype", `the kid is "__proto__"; HS256 with the empty secret`, secret("__proto__", "")},
		row{"kid-constructor", `the kid is "constructor"`, value(`"constructor"`)},
		row{"kid-absent", "no kid, with the signature of the valid token", header(func(o jsonobject.Object) jsonobject.Object { return o.Without("kid", "x5t") }, original)},
		row{"kid-empty", "an empty kid", value(`""`)},
		row{"kid-null", "the kid is null", value("null")},
		row{"kid-number", "the kid is 0", value("0")},
		row{"kid-boolean", "the kid is true", value("true")},
		row{"kid-list", "the kid is a list", value(`["m2m-probe"]`)},
		row{"kid-object", "the kid is an object, as of a query of MongoDB", value(`{"$ne":null}`)},
		row{"kid-long", "a kid of 4 KiB", value(jsonobject.Quote(strings.Repeat("k", 4<<10)))},
		row{"kid-control", "a kid with NUL and a line end", value(`"m2m\u0000\n-probe"`)},
		row{"kid-twice", "two kids: ours, then the issuer's", header(func(o jsonobject.Object) jsonobject.Object { return o.Prepend("kid", jsonobject.Quote(ownKID)) }, ownKey)},
		row{"kid-other-case", "the issuer's kid with small and capital letters swapped", header(func(o jsonobject.Object) jsonobject.Object {
			return o.With("kid", jsonobject.Quote(strings.Map(swapCase, o.Text("kid"))))
		}, ownKey)},
		row{"kid-other-key", "the kid of another key of the issuer", func(k *kit) (string, error) {
			if _, err := k.issuerKey(); err != nil {
				return "", err
			}
			if len(k.others) == 0 {
				return "", &notApplicable{"the issuer's key set has no second key"}
			}
			return k.forged(k.header.With("kid", jsonobject.Quote(k.others[0].ID)).String(), k.payload, original)
		}},
	)
}

func swapCase(r rune) rune {
	if unicode.IsUpper(r) {
		return unicode.ToLower(r)
	}
	return unicode.ToUpper(r)
}
