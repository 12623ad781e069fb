package verify_test

import (
	"testing"
	"time"

	"m2m/internal/verify"
)

// A shape is a token as one issuer writes it, of which an app's own is believed
// and nothing else is.
type shape struct {
	name   string
	header members
	claims members
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
			try(t, verifier(t, p, plainKeys(t, verify.KeySetOptions{Issuer: idp})), trial{tt.name, mint(tt.header, tt.claims), tt.want, tt.check})
		})
	}
}

func shapeClaims(sub string) members {
	return members{}.str("iss", idp).str("aud", "orders").str("sub", sub).date("iat", noon.Add(-time.Minute)).date("exp", noon.Add(time.Hour))
}

func oktaClaims(sub string) members {
	return shapeClaims(sub).set("ver", "1").str("cid", "0oa1").set("scp", `["read"]`)
}

func appShapes() []shape {
	bare, c := header().del("typ"), shapeClaims
	return []shape{
		{"Okta: app", bare, oktaClaims("0oa1"), nil, ""},
		{"Auth0: app", header(), c("abc@clients").str("azp", "abc").str("gty", "client-credentials").str("scope", "read"), nil, ""},
		{"Google: service account, no scope", header(), c("1123").str("azp", "1123").str("email", "sa@x"), verify.ErrScopeMissing, verify.CheckPermission},
		{"Cognito: app, no aud", bare, c("cid").str("client_id", "cid").str("token_use", "access").str("scope", "read").del("aud"),
			verify.ErrAudienceMissing, verify.CheckAudience},
		{"Duende: app, scope a list", plainHeader(), c("shop").str("client_id", "shop").set("scope", `["read"]`), nil, ""},
		{"Duende: app, no sub", plainHeader(), c("").del("sub").str("client_id", "shop").set("scope", `["read"]`), verify.ErrUserToken, verify.CheckKind},
		{"Keycloak: service account", header(), c("6f0e").str("typ", "Bearer").str("azp", "shop").str("client_id", "shop").
			str("preferred_username", "service-account-shop").str("scope", "read"), verify.ErrUserToken, verify.CheckKind},
		{"roles in a form of its own", plainHeader(), c("s").str("client_id", "s").set("roles", `{"a":1}`).str("scope", "read"), nil, ""},
	}
}

func otherShapes() []shape {
	bare, c := header().del("typ"), shapeClaims
	kind := func(name string, h, c members, want error) shape { return shape{name, h, c, want, verify.CheckKind} }
	return []shape{
		kind("Okta: user", bare, oktaClaims("ada@x").str("uid", "00u"), verify.ErrUserToken),
		kind("Okta: ID token", bare, oktaClaims("00u").del("cid", "scp").str("name", "Ada").str("nonce", "n"), verify.ErrIDToken),
		kind("Okta: the client beside azp", bare, oktaClaims("0oa1").str("azp", "other"), verify.ErrUserToken),
		{"Okta: scp with a number", bare, oktaClaims("0oa1").set("scp", `["read",1]`), verify.ErrScopeMissing, verify.CheckPermission},
		{"Auth0: user, for two", header(), c("auth0|1").set("aud", `["orders","https://x/userinfo"]`).str("azp", "abc").str("scope", "openid read"),
			verify.ErrAudienceMismatch, verify.CheckAudience},
		kind("Auth0: user", header(), c("auth0|1").str("azp", "abc").str("scope", "openid read"), verify.ErrUserToken),
		kind("Keycloak: user", header(), c("6f0e").str("typ", "Bearer").str("azp", "shop").str("preferred_username", "ada").str("scope", "read"), verify.ErrUserToken),
		kind("Keycloak: ID token", header(), c("6f0e").str("typ", "ID").str("azp", "orders").str("scope", "read"), verify.ErrIDToken),
		kind("Google: user", header(), c("9").str("azp", "android").str("email", "ada@x"), verify.ErrNotAppOnly),
		kind("Cognito: ID token", bare, c("u").str("token_use", "id").str("cognito:username", "ada"), verify.ErrClientMissing),
		kind("GitHub", header(), c("repo:a/b:ref:refs/heads/main").str("repository", "a/b"), verify.ErrClientMissing),
		kind("GitLab", header(), c("project_path:a/b").str("user_login", "ada"), verify.ErrClientMissing),
		kind("logout token", header(), c("u").set("events", `{"http://schemas.openid.net/event/backchannel-logout":{}}`), verify.ErrClientMissing),
		kind("sub the client, idtyp user", header(), c("s").str("client_id", "s").str("idtyp", "user"), verify.ErrNotAppOnly),
		kind("nothing but @clients", header(), c("@clients").str("client_id", ""), verify.ErrClientMissing),
		kind("cid a number", header(), c("7").set("cid", "7"), verify.ErrClientMissing),
		{"tid no text", plainHeader(), c("s").str("client_id", "s").set("tid", "7"), verify.ErrMemberType, verify.CheckForm},
		// Entra's form in the issuer's name is judged by Entra's rules, whole.
		{"Entra's version, scp a list", header(), claimsV2().str("iss", idp).set("scp", `["read"]`), verify.ErrMemberType, verify.CheckForm},
		{"another issuer, ver a number", bare, oktaClaims("0oa1").str("iss", idp+"/"), verify.ErrMemberType, verify.CheckForm},
	}
}
