package call_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"

	"m2m/internal/call"

	"github.com/google/go-cmp/cmp"
)

type params = map[string]string

func TestParseChallenges(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values []string
		want   []call.Challenge
	}{
		{"none", nil, nil},
		{"empty", []string{"", " , ,"}, nil},
		{"scheme alone", []string{"Bearer"}, []call.Challenge{{Scheme: "Bearer"}}},
		{"RFC 6750", []string{`Bearer realm="example", error="invalid_token", error_description="The access token expired"`},
			[]call.Challenge{
				{Scheme: "Bearer",
					Params: params{"realm": "example", "error": "invalid_token", "error_description": "The access token expired"}},
			}},
		{"RFC 9110 11.6.1", []string{`Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\""`},
			[]call.Challenge{
				{Scheme: "Basic", Params: params{"realm": "simple"}},
				{Scheme: "Newauth", Params: params{"realm": "apps", "type": "1", "title": `Login to "apps"`}},
			}},
		{"two fields", []string{"Negotiate", `Bearer error="x"`},
			[]call.Challenge{{Scheme: "Negotiate"}, {Scheme: "Bearer", Params: params{"error": "x"}}}},
		{"token68", []string{`NTLM TlRMTVNTUAACAAA==, Bearer realm="a"`}, []call.Challenge{
			{Scheme: "NTLM", Token68: "TlRMTVNTUAACAAA=="}, {Scheme: "Bearer", Params: params{"realm": "a"}},
		}},
		{"commas and equals in quotes", []string{`Bearer a="b, Basic c=d", e="f"`},
			[]call.Challenge{{Scheme: "Bearer", Params: params{"a": "b, Basic c=d", "e": "f"}}}},
		{"white space around equals", []string{`Bearer realm = "a" , error= b`},
			[]call.Challenge{{Scheme: "Bearer", Params: params{"realm": "a", "error": "b"}}}},
		{"commas forgotten", []string{`Bearer error="a" error_description="b"`},
			[]call.Challenge{{Scheme: "Bearer", Params: params{"error": "a", "error_description": "b"}}}},
		{"quotes forgotten",
			[]string{`Bearer authorization_uri=https://login.example/t, error_description=It is bad, error=x`}, []call.Challenge{
				{Scheme: "Bearer",
					Params: params{"authorization_uri": "https://login.example/t", "error_description": "It is bad", "error": "x"}},
			}},
		{"end quote forgotten", []string{`Bearer error="a, b`, "Basic"},
			[]call.Challenge{{Scheme: "Bearer", Params: params{"error": "a, b"}}, {Scheme: "Basic"}}},
		{"names in any case, the first counts", []string{`bearer Error="a", ERROR="b"`},
			[]call.Challenge{{Scheme: "bearer", Params: params{"error": "a"}}}},
		{"rubbish between", []string{`;;; , Bearer error="a", "stray", @@, Basic realm="b"`}, []call.Challenge{
			{Scheme: "Bearer", Params: params{"error": "a"}, Rest: "stray"}, {Scheme: "Basic", Params: params{"realm": "b"}},
		}},
		{"sentences", []string{"Unauthorized: no token", "Token is expired"}, []call.Challenge{
			{Rest: "Unauthorized: no token"}, {Scheme: "Token", Rest: "is expired"},
		}},
		{"Azure Storage separates by spaces", []string{`Bearer authorization_uri=https://login.microsoftonline.com/t/oauth2/authorize resource_id=https://storage.azure.com`},
			[]call.Challenge{{Scheme: "Bearer", Params: params{
				"authorization_uri": "https://login.microsoftonline.com/t/oauth2/authorize", "resource_id": "https://storage.azure.com",
			}}}},
		{"parameters of no challenge", []string{`error="a", Bearer error="b"`},
			[]call.Challenge{{Scheme: "Bearer", Params: params{"error": "b"}}}},
		{"Key Vault",
			[]string{`Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net"`},
			[]call.Challenge{
				{Scheme: "Bearer",
					Params: params{"authorization": "https://login.microsoftonline.com/t", "resource": "https://vault.azure.net"}},
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, call.ParseChallenges(tt.values)); diff != "" {
				t.Errorf("ParseChallenges(%q) (-want +got):\n%s", tt.values, diff)
			}
		})
	}
}

func TestParseChallengesIsBounded(t *testing.T) {
	if got := call.ParseChallenges([]string{strings.Repeat("Bearer, ", 100) + `Bearer a="b"`}); len(got) != 16 ||
		got[15].Params != nil {
		t.Errorf("%d challenges, the last %+v", len(got), got[len(got)-1])
	}
	var many strings.Builder
	for i := range 100 {
		many.WriteString(", p" + strings.Repeat("x", i) + "=1")
	}
	if got := call.ParseChallenges([]string{"Bearer " + many.String()[2:]}); len(got) != 1 || len(got[0].Params) != 32 {
		t.Errorf("%+v", got)
	}
	if got := call.ParseChallenges([]string{`Bearer a="` + strings.Repeat("x", 1<<20) + `"`, "Basic"}); len(got) != 1 ||
		len(got[0].Params["a"]) > 16<<10 {
		t.Errorf("%d challenges", len(got))
	}
}

func TestClaimsChallenge(t *testing.T) {
	const claims = `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`
	spaced := strings.ReplaceAll(claims, ":", ": \n")
	encode := func(e *base64.Encoding, s string) string { return e.EncodeToString([]byte(s)) }
	for name, encoded := range map[string]string{
		"standard": encode(base64.StdEncoding, claims), "URL": encode(base64.URLEncoding, claims),
		"without padding":  encode(base64.RawURLEncoding, claims),
		"with line breaks": encode(base64.StdEncoding, spaced),
	} {
		c := call.ParseChallenges([]string{`Bearer error="insufficient_claims", claims="` + encoded + `"`})[0]
		if got, ok := c.ClaimsChallenge(); got != claims || !ok {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
	for name, c := range map[string]call.Challenge{
		"another error": {Params: params{"error": "invalid_token", "claims": encode(base64.StdEncoding, claims)}},
		"no claims":     {Params: params{"error": "insufficient_claims"}},
		"no base64":     {Params: params{"error": "insufficient_claims", "claims": "{}"}},
		"no JSON":       {Params: params{"error": "insufficient_claims", "claims": encode(base64.StdEncoding, "{")}},
		"no object":     {Params: params{"error": "insufficient_claims", "claims": encode(base64.StdEncoding, "null")}},
		"escape codes": {Params: params{"error": "insufficient_claims",
			"claims": encode(base64.StdEncoding, "{\"\u202e\":1}")}},
		"too long": {Params: params{"error": "insufficient_claims",
			"claims": encode(base64.StdEncoding, `{"a":"`+strings.Repeat("x", 5000)+`"}`)}},
	} {
		if got, ok := c.ClaimsChallenge(); ok {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func FuzzParseChallenges(f *testing.F) {
	for _, s := range []string{
		`Bearer realm="example", error="invalid_token"`, `Basic, Bearer a=b`, `NTLM TlRM==`, `Bearer a="\`, `a = b`, `"`,
		`Bearer x=,y=`, `Bearer ==`, "Bearer\ta=b", `,;=", a`,
		`Bearer error="insufficient_claims", claims="eyJhIjoxfQ=="`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range call.ParseChallenges([]string{s, s}) {
			if c.Scheme == "" && c.Rest == "" || strings.ContainsAny(c.Scheme, " \t,=\"") || c.Token68 != "" && c.Params != nil &&
				len(c.Params) == 0 {
				t.Fatalf("%q gives %+v", s, c)
			}
			for name := range c.Params {
				if name == "" || name != strings.ToLower(name) {
					t.Fatalf("%q gives the parameter %q", s, name)
				}
			}
			if claims, ok := c.ClaimsChallenge(); ok && (!utf8.ValidString(claims) || claims[0] != '{') {
				t.Fatalf("%q gives the claims %q", s, claims)
			}
		}
		// What was written by the rules reads back as it was.
		quoted := `Bearer a="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `", b=c`
		if got := call.ParseChallenges([]string{quoted}); len(quoted) < 16<<10 &&
			(len(got) != 1 || got[0].Params["a"] != s || got[0].Params["b"] != "c") {
			t.Fatalf("%q reads as %+v", quoted, got)
		}
	})
}
