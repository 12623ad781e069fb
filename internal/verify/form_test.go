package verify_test

import (
	"strconv"
	"strings"
	"time"

	"m2m/internal/jwks/issuertest"
	"m2m/internal/jwt"
	"m2m/internal/verify"
)

func formTrials() []trial {
	parts := strings.Split(issuertest.Valid(), ".")
	h, c, s := parts[0], parts[1], parts[2]
	last := strings.IndexByte(base64URL, s[len(s)-1])
	form := func(name, token string, want error) trial {
		return trial{"form: " + name, token, want, verify.CheckForm}
	}
	trials := []trial{
		form("empty", "", jwt.ErrSegments),
		form("not a token", "hello", jwt.ErrSegments),
		form("16 KiB and a byte", strings.Repeat("a", 16<<10+1), jwt.ErrTokenSize),
		form("one too long though signed",
			issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Str("x", strings.Repeat("x", 16<<10))), jwt.ErrTokenSize),
		form("two parts", h+"."+c, jwt.ErrTruncated),
		form("four parts", issuertest.Valid()+".", jwt.ErrSegments),
		form("dots", strings.Repeat(".", 16<<10), jwt.ErrSegments),
		form("JWE", issuertest.Valid()+".x.y", jwt.ErrEncrypted),
		form("two tokens", issuertest.Valid()+"\n"+issuertest.Valid(), jwt.ErrCharset),
		form("three tokens", strings.Repeat(issuertest.Valid()+"\r\n", 3), jwt.ErrCharset),
		form("no header", "."+c+"."+s, jwt.ErrSegmentEmpty),
		form("no claims", h+".."+s, jwt.ErrSegmentEmpty),
		form("no signature", h+"."+c+".", jwt.ErrSegmentEmpty),
		form("padding", h+"."+c+"."+s+"==", jwt.ErrCharset),
		form("standard alphabet", h+"."+c+"."+"+"+s[1:], jwt.ErrCharset),
		form("space at the end", issuertest.Valid()+" ", jwt.ErrCharset),
		form("trailing bits", h+"."+c+"."+s[:len(s)-1]+string(base64URL[last^1]), jwt.ErrBase64),
		form("impossible length", h+"."+c+"."+s+"abc", jwt.ErrBase64),
		form("signature cut", h+"."+c+"."+s[:100], jwt.ErrTruncated),
		form("shortened with three dots", h+"."+c[:40]+"...", jwt.ErrTruncated),
		form("claims cut", h+"."+c[:len(c)/2], jwt.ErrTruncated),
		form("header alone", h, jwt.ErrTruncated),
		form("two parts of nothing", "a.b", jwt.ErrSegments),
	}
	for n := 1; n <= 8; n++ { // of which encoding/base64 would skip every one
		breaks := strings.Repeat("\n", n/2) + strings.Repeat("\r", n-n/2)
		trials = append(trials,
			form(strconv.Itoa(n)+" line breaks in the header", h[:9]+breaks+h[9:]+"."+c+"."+s, jwt.ErrCharset),
			form(strconv.Itoa(n)+" line breaks in the claims", h+"."+c[:9]+breaks+c[9:]+"."+s, jwt.ErrCharset),
			form(strconv.Itoa(n)+" line breaks in the signature", h+"."+c+"."+s[:9]+breaks+s[9:], jwt.ErrCharset),
			form(strconv.Itoa(n)+" line breaks at the end", issuertest.Valid()+breaks, jwt.ErrCharset))
	}
	return trials
}

const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func jsonTrials() []trial {
	form := func(name, headerJSON, claimsJSON string, want error) trial {
		return trial{"json: " + name, issuertest.Sign(issuertest.Pairs()[0], headerJSON, claimsJSON), want, verify.CheckForm}
	}
	h, c := issuertest.Header().JSON(), issuertest.ClaimsV2().JSON()
	claims := func(name string, m issuertest.Members, want error) trial { return form(name, h, m.JSON(), want) }
	trials := []trial{
		form("null header", "null", c, jwt.ErrNotObject),
		form("null claims", h, "null", jwt.ErrNotObject),
		form("array claims", h, "[]", jwt.ErrNotObject),
		form("number claims", h, "1", jwt.ErrNotObject),
		form("no JSON", h, "{", jwt.ErrJSON),
		form("comma at the end", h, c[:len(c)-1]+",}", jwt.ErrJSON),
		form("byte order mark", h, "\xef\xbb\xbf"+c, jwt.ErrJSON),
		form("another object behind", h, c+"{}", jwt.ErrTrailingData),
		form("garbage behind", h, c+"x", jwt.ErrTrailingData),
		form("space behind", h, c+" ", jwt.ErrTrailingData),
		form("invalid UTF-8", h, issuertest.ClaimsV2().Str("x", "\xff").JSON(), jwt.ErrUTF8),
		form("lone surrogate", h, issuertest.ClaimsV2().Str("x", `\ud800`).JSON(), jwt.ErrJSON),
		form("two alg", issuertest.Header().Add("alg", `"none"`).JSON(), c, jwt.ErrNameDuplicate),
		form("ALG beside alg", issuertest.Header().Add("ALG", `"none"`).JSON(), c, jwt.ErrNameDuplicate),
		form("Crit", issuertest.Header().Add("Crit", `[]`).JSON(), c, jwt.ErrNameCase),
		form("kid a number", issuertest.Header().Set("kid", "1").JSON(), c, jwt.ErrMemberType),
		form("kid null", issuertest.Header().Set("kid", "null").JSON(), c, jwt.ErrMemberType),
		form("kid an array", issuertest.Header().Set("kid", `["`+issuertest.KeyID+`"]`).JSON(), c, jwt.ErrMemberType),
		form("typ a number", issuertest.Header().Set("typ", "1").JSON(), c, jwt.ErrMemberType),
		form("alg null", issuertest.Header().Set("alg", "null").JSON(), c, jwt.ErrMemberType),
		claims("two exp", issuertest.ClaimsV2().Add("exp", "1"), jwt.ErrNameDuplicate),
		claims("two exp, one escaped", issuertest.ClaimsV2().Add(`\u0065xp`, "1"), jwt.ErrNameDuplicate),
		claims("two unknown names in one object", issuertest.ClaimsV2().Set("x", `{"a":1,"a":2}`), jwt.ErrNameDuplicate),
		claims("EXP beside exp", issuertest.ClaimsV2().Add("EXP", "1"), jwt.ErrNameDuplicate),
		claims("Client_ID, which plain issuers' tokens have", issuertest.ClaimsV2().Str("Client_ID", issuertest.Client),
			jwt.ErrNameCase),
		claims("EXP alone", issuertest.ClaimsV2().Del("exp").Date("EXP", issuertest.Noon.Add(time.Hour)), jwt.ErrNameCase),
		claims("TID beside tid", issuertest.ClaimsV2().Add("TID", `"x"`), jwt.ErrNameDuplicate),
		claims("iſs beside iss", issuertest.ClaimsV2().Add("iſs", `"x"`), jwt.ErrNameDuplicate),
		claims("iſs alone", issuertest.ClaimsV2().Del("iss").Str("iſs", issuertest.IssuerV2), jwt.ErrNameCase),
		claims("Foo beside foo", issuertest.ClaimsV2().Add("foo", "1").Add("Foo", "1"), jwt.ErrNameDuplicate),
		claims("Kelvin sign beside k", issuertest.ClaimsV2().Add("k", "1").Add("\u212a", "1"), jwt.ErrNameDuplicate),
		claims("257 members", issuertest.ClaimsV2().Fill(257), jwt.ErrMembers),
		claims("257 names, most of them inside",
			issuertest.ClaimsV2().Set("x", issuertest.Members{}.Fill(256-len(issuertest.ClaimsV2())).JSON()), jwt.ErrMembers),
		claims("257 names behind text",
			issuertest.ClaimsV2().Set("x", `"\"`+strings.Repeat(":", 99)+`"`).Set("y", issuertest.Members{}.Fill(256).JSON()),
			jwt.ErrMembers),
		form("257 members in the header", issuertest.Header().Fill(257).JSON(), c, jwt.ErrMembers),
		claims("eight levels inside", issuertest.ClaimsV2().Set("x", nested(8)), jwt.ErrDepth),
		claims("five thousand levels", issuertest.ClaimsV2().Set("x", nested(5000)), jwt.ErrDepth),
		claims("brackets in text are no levels", issuertest.ClaimsV2().Set("x", `["`+nested(9)+`\"[",`+nested(8)+`]`),
			jwt.ErrDepth),
	}
	return append(trials, claimTypeTrials()...)
}

func claimTypeTrials() (trials []trial) {
	add := func(name, raw string, want error) {
		token := issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Set(name, raw))
		trials = append(trials, trial{"type: " + name + " " + raw, token, want, verify.CheckForm})
	}
	for _, name := range []string{"iss", "tid", "ver", "azp", "oid", "sub", "idtyp", "scp"} {
		add(name, "1", jwt.ErrMemberType)
		add(name, "null", jwt.ErrMemberType)
		add(name, `["x"]`, jwt.ErrMemberType)
	}
	for _, raw := range []string{`"Data.Read"`, "null", `{"Data.Read":1}`, `["Data.Read",1]`, `[["Data.Read"]]`} {
		add("roles", raw, jwt.ErrMemberType)
	}
	for _, name := range []string{"iat", "nbf", "exp"} {
		for _, raw := range []string{`"1780315200"`, "null", "true", "[1]", "{}"} {
			add(name, raw, jwt.ErrMemberType)
		}
		for _, raw := range []string{
			"0", "-1", "1780315200.0", "1.7803152e9", "1e300", "1e19", "9223372036854775807", "253402300800",
			"99999999999999999999", "-0", "1780315200000",
		} {
			add(name, raw, jwt.ErrDate)
		}
	}
	return trials
}
