package verify_test

import (
	"testing"
	"time"

	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/jwt"
	"m2m/internal/verify"
)

// A shape is a token as one issuer writes it, of which an app's own is valid
// and nothing else is.
type shape struct {
	name   string
	header issuertest.Members
	claims issuertest.Members
	want   error
	check  verify.Check
}

// TestPlainShapes: the tokens of well-known issuers, by their published claims.
// A token for a user, an ID token, and what is neither never count as an app's.
func TestPlainShapes(t *testing.T) {
	p := plainPolicy()
	p.Scopes = []string{"read"}
	for _, tt := range append(appShapes(), otherShapes()...) {
		t.Run(tt.name, func(t *testing.T) {
			try(t, verifier(t, p, plainKeys(t, jwks.SetOptions{Issuer: idp})),
				trial{tt.name, issuertest.Mint(tt.header, tt.claims), tt.want, tt.check})
		})
	}
}

func shapeClaims(sub string) issuertest.Members {
	return issuertest.Members{}.Str("iss", idp).Str("aud", "orders").Str("sub", sub).Date("iat",
		issuertest.Noon.Add(-time.Minute)).Date("exp", issuertest.Noon.Add(time.Hour))
}

func oktaClaims(sub string) issuertest.Members {
	return shapeClaims(sub).Set("ver", "1").Str("cid", "0oa1").Set("scp", `["read"]`)
}

func appShapes() []shape {
	bare, c := issuertest.Header().Del("typ"), shapeClaims
	return []shape{
		{"Okta: app", bare, oktaClaims("0oa1"), nil, ""},
		{"Auth0: app", issuertest.Header(),
			c("abc@clients").Str("azp", "abc").Str("gty", "client-credentials").Str("scope", "read"), nil, ""},
		{"Google: service account, no scope", issuertest.Header(), c("1123").Str("azp", "1123").Str("email", "sa@x"),
			verify.ErrScopeMissing, verify.CheckPermission},
		{"Cognito: app, no aud", bare,
			c("cid").Str("client_id", "cid").Str("token_use", "access").Str("scope", "read").Del("aud"),
			verify.ErrAudienceMissing, verify.CheckAudience},
		{"Duende: app, scope a list", plainHeader(), c("shop").Str("client_id", "shop").Set("scope", `["read"]`), nil, ""},
		{"Duende: app, no sub", plainHeader(), c("").Del("sub").Str("client_id", "shop").Set("scope", `["read"]`),
			verify.ErrUserToken, verify.CheckKind},
		{"Keycloak: service account", issuertest.Header(),
			c("6f0e").Str("typ", "Bearer").Str("azp", "shop").Str("client_id", "shop").
				Str("preferred_username", "service-account-shop").Str("scope", "read"), verify.ErrUserToken, verify.CheckKind},
		{"roles in a form of its own", plainHeader(),
			c("s").Str("client_id", "s").Set("roles", `{"a":1}`).Str("scope", "read"), nil, ""},
	}
}

func otherShapes() []shape {
	bare, c := issuertest.Header().Del("typ"), shapeClaims
	kind := func(name string, h, c issuertest.Members, want error) shape {
		return shape{name, h, c, want, verify.CheckKind}
	}
	return []shape{
		kind("Okta: user", bare, oktaClaims("ada@x").Str("uid", "00u"), verify.ErrUserToken),
		kind("Okta: ID token", bare, oktaClaims("00u").Del("cid", "scp").Str("name", "Ada").Str("nonce", "n"),
			verify.ErrIDToken),
		kind("Okta: the client beside azp", bare, oktaClaims("0oa1").Str("azp", "other"), verify.ErrUserToken),
		{"Okta: scp with a number", bare, oktaClaims("0oa1").Set("scp", `["read",1]`), verify.ErrScopeMissing,
			verify.CheckPermission},
		{"Auth0: user, for two", issuertest.Header(),
			c("auth0|1").Set("aud", `["orders","https://x/userinfo"]`).Str("azp", "abc").Str("scope", "openid read"),
			verify.ErrAudienceMismatch, verify.CheckAudience},
		kind("Auth0: user", issuertest.Header(), c("auth0|1").Str("azp", "abc").Str("scope", "openid read"),
			verify.ErrUserToken),
		kind("Keycloak: user", issuertest.Header(),
			c("6f0e").Str("typ", "Bearer").Str("azp", "shop").Str("preferred_username", "ada").Str("scope", "read"),
			verify.ErrUserToken),
		kind("Keycloak: ID token", issuertest.Header(), c("6f0e").Str("typ", "ID").Str("azp", "orders").Str("scope", "read"),
			verify.ErrIDToken),
		kind("Google: user", issuertest.Header(), c("9").Str("azp", "android").Str("email", "ada@x"), verify.ErrNotAppOnly),
		kind("Cognito: ID token", bare, c("u").Str("token_use", "id").Str("cognito:username", "ada"),
			verify.ErrClientMissing),
		kind("GitHub", issuertest.Header(), c("repo:a/b:ref:refs/heads/main").Str("repository", "a/b"),
			verify.ErrClientMissing),
		kind("GitLab", issuertest.Header(), c("project_path:a/b").Str("user_login", "ada"), verify.ErrClientMissing),
		kind("logout token", issuertest.Header(),
			c("u").Set("events", `{"http://schemas.openid.net/event/backchannel-logout":{}}`), verify.ErrClientMissing),
		kind("sub the client, idtyp user", issuertest.Header(), c("s").Str("client_id", "s").Str("idtyp", "user"),
			verify.ErrNotAppOnly),
		kind("nothing but @clients", issuertest.Header(), c("@clients").Str("client_id", ""), verify.ErrClientMissing),
		kind("cid a number", issuertest.Header(), c("7").Set("cid", "7"), verify.ErrClientMissing),
		{"Okta: org authorization server", bare, oktaClaims("0oa1").Str("iss", "https://acme.okta.com"), verify.ErrOktaOrg,
			verify.CheckSignature},
		{"for an exchange", plainHeader(), c("s").Str("client_id", "s").Set("aud", `["orders","api://AzureADTokenExchange"]`),
			verify.ErrAudienceExchange, verify.CheckAudience},
		{"bound", plainHeader(), c("s").Str("client_id", "s").Set("cnf", `{"jkt":"x"}`), verify.ErrBound, verify.CheckBinding},
		{"tid no text", plainHeader(), c("s").Str("client_id", "s").Set("tid", "7"), jwt.ErrMemberType, verify.CheckForm},
		// Entra's form in the issuer's name is judged by Entra's rules, whole.
		{"Entra's version, scp a list", issuertest.Header(), issuertest.ClaimsV2().Str("iss", idp).Set("scp", `["read"]`),
			jwt.ErrMemberType, verify.CheckForm},
		{"another issuer, ver a number", bare, oktaClaims("0oa1").Str("iss", idp+"/"), verify.ErrIssuerMismatch,
			verify.CheckIssuer},
	}
}
