package pasted

import (
	"encoding/base64"
	"strings"
	"testing"

	"m2m/internal/jwt"
)

// TestShapes: every row of pasted.json is what its examples are taken for, and no word
// of a secret is in what is said about it.
func TestShapes(t *testing.T) {
	rows := shapes()
	if len(rows) == 0 {
		t.Fatal("pasted.json does not decode")
	}
	for _, row := range rows {
		if row.Source == "" || len(row.Examples) == 0 || row.Is == "" {
			t.Errorf("%s: a row needs what it is, a source and examples", row.Pattern)
		}
		for _, example := range row.Examples {
			if _, err := jwt.Decode(example); err == nil {
				t.Errorf("%q is a token", example)
			}
			p, ok := WhatIs(example)
			if !ok || p.Is != row.Is && p.Is != "a placeholder" {
				t.Errorf("%q: want %s, got %+v", example, row.Is, p)
			}
			if row.Secret && len(example) > 8 && strings.Contains(p.Cause()+p.Fix, example[len(example)-8:]) {
				t.Errorf("%q is in what is said about it: %+v", example, p)
			}
		}
	}
}

// TestWhatIs: texts that no expression can name.
func TestWhatIs(t *testing.T) {
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, tt := range []struct{ text, is string }{
		{`{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}`, "an Entra error, AADSTS7000215"},
		{"ERROR: AADSTS700016: Application with identifier 'x' was not found", "an Entra error, AADSTS700016"},
		{`{"error":"invalid_grant"}`, "an error answer invalid_grant"},
		{`{"error":{"code":"Forbidden","message":"no"}}`, "an error answer"},
		{`{"keys":[{"kty":"RSA"}]}`, "a key set (JWKS)"},
		{`{"issuer":"https://idp","jwks_uri":"https://idp/keys"}`, "a discovery document"},
		{`{"clientId":"x","clientSecret":"s3cret"}`, "JSON with a credential"},
		{`{"alg":"RS256","kid":"k"}`, "the decoded header of a token"},
		{`{"iss":"https://idp","aud":"x","exp":1}`, "the decoded claims of a token"},
		{`{"tenant":"x","subscription":"y"}`, "JSON without a token, with the members subscription, tenant"},
		{`{"refresh_token":"0.AX","token_type":"Bearer"}`, "JSON with a refresh token and no access token"},
		{"eyJhbGciOiJSUzI1NiJ9 eyJpc3MiOiJ4In0 c2ln", "the three parts of a token without the dots"},
		{`[1,2]`, "a JSON array without a token"},
		{"eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ", "the header of a token alone"},
		{"eyJpc3MiOiJodHRwczovL2lkcCIsImF1ZCI6IngifQ", "the claims of a token alone, or other JSON in base64"},
		{"eyJyZWZyZXNoX3Rva2VuIjoieCJ9", "JSON with a refresh token, in base64"},
		{encode("ada:s3cret-password"), "a user name and password in base64, as Basic has them"},
		{encode("-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"), "a certificate (PEM), in base64"},
		{encode("<saml:Assertion>x</saml:Assertion>"), "XML, such as a SAML assertion, in base64"},
		{encode("ghp_abcdefghijklmnopqrstuvwxyz0123456789"), "a token of GitHub, in base64"},
		{encode("hello, this is only some text"), "other text in base64"},
		{encode("\x30\x82\x01\x00\x30\x82\x00\x10abcdefgh"), "a certificate or a public key in base64"},
		{encode("\x30\x82\x01\x00\x02\x01\x00\x30abcdefgh"), "a private key or a PFX file in base64"},
		{"eyJhbGciOiJSUzI1NiJ9.e30.c2ln eyJhbGciOiJSUzI1NiJ9.e30.c2lo", "2 tokens"},
	} {
		if p, ok := WhatIs(tt.text); !ok || !strings.HasPrefix(p.Is, tt.is) {
			t.Errorf("%q: want %s, got %+v", tt.text, tt.is, p)
		}
	}
	for _, text := range []string{"", "hello", "a.b.c", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "eyJhbGciOiJSUzI1NiJ9.e30"} {
		if p, ok := WhatIs(text); ok {
			t.Errorf("%q: want nothing, got %+v", text, p)
		}
	}
}

// FuzzWhatIs: whatever a text is, nothing long of it is repeated.
func FuzzWhatIs(f *testing.F) {
	for _, row := range shapes() {
		for _, example := range row.Examples {
			f.Add(example)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, _ := WhatIs(s)
		if p.Secret && len(s) >= 16 && strings.Contains(p.Cause()+p.Fix, s) {
			t.Errorf("%q is in what is said about it: %+v", s, p)
		}
		if len(p.Cause())+len(p.Fix) > 1200 {
			t.Errorf("%d bytes are said about it", len(p.Cause())+len(p.Fix))
		}
	})
}
