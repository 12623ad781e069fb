package verify_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"m2m/internal/verify"
)

func formTrials() []trial {
	parts := strings.Split(good(), ".")
	h, c, s := parts[0], parts[1], parts[2]
	last := strings.IndexByte(base64URL, s[len(s)-1])
	form := func(name, token string, want error) trial {
		return trial{"form: " + name, token, want, verify.CheckForm}
	}
	trials := []trial{
		form("empty", "", verify.ErrSegments),
		form("not a token", "hello", verify.ErrSegments),
		form("16 KiB and a byte", strings.Repeat("a", 16<<10+1), verify.ErrTokenSize),
		form("one too long though signed", mint(header(), claimsV2().str("x", strings.Repeat("x", 16<<10))), verify.ErrTokenSize),
		form("two parts", h+"."+c, verify.ErrSegments),
		form("four parts", good()+".", verify.ErrSegments),
		form("dots", strings.Repeat(".", 16<<10), verify.ErrSegments),
		form("JWE", good()+".x.y", verify.ErrEncrypted),
		form("two tokens", good()+"\n"+good(), verify.ErrCharset),
		form("three tokens", strings.Repeat(good()+"\r\n", 3), verify.ErrCharset),
		form("no header", "."+c+"."+s, verify.ErrSegmentEmpty),
		form("no claims", h+".."+s, verify.ErrSegmentEmpty),
		form("no signature", h+"."+c+".", verify.ErrSegmentEmpty),
		form("padding", h+"."+c+"."+s+"==", verify.ErrCharset),
		form("standard alphabet", h+"."+c+"."+"+"+s[1:], verify.ErrCharset),
		form("space at the end", good()+" ", verify.ErrCharset),
		form("trailing bits", h+"."+c+"."+s[:len(s)-1]+string(base64URL[last^1]), verify.ErrBase64),
		form("impossible length", h+"."+c+"."+"abcde", verify.ErrBase64),
	}
	for n := 1; n <= 8; n++ { // of which encoding/base64 would skip every one
		breaks := strings.Repeat("\n", n/2) + strings.Repeat("\r", n-n/2)
		trials = append(trials,
			form(strconv.Itoa(n)+" line breaks in the header", h[:9]+breaks+h[9:]+"."+c+"."+s, verify.ErrCharset),
			form(strconv.Itoa(n)+" line breaks in the claims", h+"."+c[:9]+breaks+c[9:]+"."+s, verify.ErrCharset),
			form(strconv.Itoa(n)+" line breaks in the signature", h+"."+c+"."+s[:9]+breaks+s[9:], verify.ErrCharset),
			form(strconv.Itoa(n)+" line breaks at the end", good()+breaks, verify.ErrCharset))
	}
	return trials
}

// An empty text and one without a dot are told apart for a reader.
func TestSegmentsInWords(t *testing.T) {
	for text, want := range map[string]string{
		"": "found nothing", "hello": "found no dot at all", "a.b": "found 2 parts", "a.b.c.d": "found 4 parts",
	} {
		if _, err := verify.Decode(text); !errors.Is(err, verify.ErrSegments) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want %q, got %v", text, want, err)
		}
	}
}

// TestOddLetterInWords: a letter beyond ASCII is shown as it was written, such as
// the ellipsis of a program that cut a token short.
func TestOddLetterInWords(t *testing.T) {
	if _, err := verify.Decode(good() + "…"); !errors.Is(err, verify.ErrCharset) || !strings.Contains(err.Error(), "found '…' at byte ") {
		t.Errorf("want the ellipsis named, got %v", err)
	}
}

// What Windows PowerShell makes of a token is called by its name.
func TestUTF16InWords(t *testing.T) {
	text := "\xff\xfe" + strings.Join(strings.Split(good(), ""), "\x00") + "\x00"
	if _, err := verify.Decode(text); !errors.Is(err, verify.ErrCharset) || !strings.Contains(err.Error(), "found UTF-16") {
		t.Errorf("want UTF-16 named, got %v", err)
	}
}

const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// filled adds names until there are n, each of a kind that is looked at closely.
func filled(m members, n int) members {
	for i := len(m); i < n; i++ {
		m = m.add("X"+strconv.Itoa(i), "1")
	}
	return m
}

func jsonTrials() []trial {
	form := func(name, headerJSON, claimsJSON string, want error) trial {
		return trial{"json: " + name, sign(pairs()[0], headerJSON, claimsJSON), want, verify.CheckForm}
	}
	h, c := header().json(), claimsV2().json()
	claims := func(name string, m members, want error) trial { return form(name, h, m.json(), want) }
	trials := []trial{
		form("null header", "null", c, verify.ErrNotObject),
		form("null claims", h, "null", verify.ErrNotObject),
		form("array claims", h, "[]", verify.ErrNotObject),
		form("number claims", h, "1", verify.ErrNotObject),
		form("no JSON", h, "{", verify.ErrJSON),
		form("comma at the end", h, c[:len(c)-1]+",}", verify.ErrJSON),
		form("byte order mark", h, "\xef\xbb\xbf"+c, verify.ErrJSON),
		form("another object behind", h, c+"{}", verify.ErrTrailingData),
		form("garbage behind", h, c+"x", verify.ErrTrailingData),
		form("space behind", h, c+" ", verify.ErrTrailingData),
		form("invalid UTF-8", h, claimsV2().str("x", "\xff").json(), verify.ErrUTF8),
		form("lone surrogate", h, claimsV2().str("x", `\ud800`).json(), verify.ErrJSON),
		form("two alg", header().add("alg", `"none"`).json(), c, verify.ErrNameDuplicate),
		form("ALG beside alg", header().add("ALG", `"none"`).json(), c, verify.ErrNameDuplicate),
		form("Crit", header().add("Crit", `[]`).json(), c, verify.ErrNameCase),
		form("kid a number", header().set("kid", "1").json(), c, verify.ErrMemberType),
		form("kid null", header().set("kid", "null").json(), c, verify.ErrMemberType),
		form("kid an array", header().set("kid", `["`+kid+`"]`).json(), c, verify.ErrMemberType),
		form("typ a number", header().set("typ", "1").json(), c, verify.ErrMemberType),
		form("alg null", header().set("alg", "null").json(), c, verify.ErrMemberType),
		claims("two exp", claimsV2().add("exp", "1"), verify.ErrNameDuplicate),
		claims("two exp, one escaped", claimsV2().add(`\u0065xp`, "1"), verify.ErrNameDuplicate),
		claims("two unknown names in one object", claimsV2().set("x", `{"a":1,"a":2}`), verify.ErrNameDuplicate),
		claims("EXP beside exp", claimsV2().add("EXP", "1"), verify.ErrNameDuplicate),
		claims("Client_ID, which plain issuers' tokens have", claimsV2().str("Client_ID", client), verify.ErrNameCase),
		claims("EXP alone", claimsV2().del("exp").date("EXP", noon.Add(time.Hour)), verify.ErrNameCase),
		claims("TID beside tid", claimsV2().add("TID", `"x"`), verify.ErrNameDuplicate),
		claims("iſs beside iss", claimsV2().add("iſs", `"x"`), verify.ErrNameDuplicate),
		claims("iſs alone", claimsV2().del("iss").str("iſs", issuerV2), verify.ErrNameCase),
		claims("Foo beside foo", claimsV2().add("foo", "1").add("Foo", "1"), verify.ErrNameDuplicate),
		claims("Kelvin sign beside k", claimsV2().add("k", "1").add("\u212a", "1"), verify.ErrNameDuplicate),
		claims("257 members", filled(claimsV2(), 257), verify.ErrMembers),
		claims("257 names, most of them inside", claimsV2().set("x", filled(nil, 256-len(claimsV2())).json()), verify.ErrMembers),
		claims("257 names behind text", claimsV2().set("x", `"\"`+strings.Repeat(":", 99)+`"`).set("y", filled(nil, 256).json()), verify.ErrMembers),
		form("257 members in the header", filled(header(), 257).json(), c, verify.ErrMembers),
		claims("eight levels inside", claimsV2().set("x", nested(8)), verify.ErrDepth),
		claims("five thousand levels", claimsV2().set("x", nested(5000)), verify.ErrDepth),
		claims("brackets in text are no levels", claimsV2().set("x", `["`+nested(9)+`\"[",`+nested(8)+`]`), verify.ErrDepth),
	}
	return append(trials, claimTypeTrials()...)
}

func claimTypeTrials() (trials []trial) {
	add := func(name, raw string, want error) {
		token := mint(header(), claimsV2().set(name, raw))
		trials = append(trials, trial{"type: " + name + " " + raw, token, want, verify.CheckForm})
	}
	for _, name := range []string{"iss", "tid", "ver", "azp", "oid", "sub", "idtyp", "scp"} {
		add(name, "1", verify.ErrMemberType)
		add(name, "null", verify.ErrMemberType)
		add(name, `["x"]`, verify.ErrMemberType)
	}
	for _, raw := range []string{`"Data.Read"`, "null", `{"Data.Read":1}`, `["Data.Read",1]`, `[["Data.Read"]]`} {
		add("roles", raw, verify.ErrMemberType)
	}
	for _, name := range []string{"iat", "nbf", "exp"} {
		add(name, `"1780315200"`, verify.ErrMemberType)
		for _, raw := range []string{
			"0", "-1", "1780315200.0", "1.7803152e9", "1e300", "1e19", "9223372036854775807", "253402300800",
			"99999999999999999999", "null", "true", "-0",
		} {
			add(name, raw, verify.ErrDate)
		}
	}
	return trials
}
