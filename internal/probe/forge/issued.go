package forge

import (
	"context"
	"strconv"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jsonobject"
)

// Minter makes tokens that the API's own issuer signs, however wrong. A real
// tenant has none.
type Minter interface {
	// Mint makes the token that wrong describes.
	Mint(ctx context.Context, wrong WrongToken) (entra.Secret, error)
}

// WrongToken says how a token differs from the one that the client gets for the
// API. With nothing but API and Client it is a sound token.
type WrongToken struct {
	// API and Client are the IDs of the audience and of the client.
	API, Client string
	// Kind is app, user, id or graph; Version 1.0 or 2.0; Time expired or
	// not-yet; Key other or withdrawn. Empty means what a sound token has.
	Kind, Version, Time, Key string
	// Claims and Header are JSON objects whose members replace those of the
	// token; empty replaces none.
	Claims, Header string
	// Without names claims that are left out.
	Without []string
}

const (
	fixAudience = "compare aud with the API's own client ID or App ID URI, exactly; without that, a token for any other API opens this one"
	fixIssuer   = "compare iss with the issuer of your tenant, exactly; Entra signs the tokens of all tenants with the same keys"
	fixTimes    = "require exp and nbf, and compare both with the clock, with a leeway of 60 seconds"
	fixKeySet   = "verify with the keys in the issuer's set alone, and drop a key that left it"
	fixRole     = "require one of the API's app roles: Entra gives a token without roles to every app of the tenant"
	fixKind     = "let in app-only tokens alone where only apps may call: azp or appid is there, scp is not, and idtyp, if there, is app"
	fixBinding  = "reject a token with cnf, or compare it with the certificate or DPoP proof of this very request; RFC 8705 section 3, " +
		"RFC 9449 section 7.1"
	fixCrit = "reject a token with crit: nothing in it is understood; RFC 7515 section 4.1.11"
)

// issuedCases send tokens that the issuer really signed, and that the API must
// reject all the same.
func issuedCases() []Case {
	const (
		elsewhere = "11111111-2222-4333-8444-555555555555"
		elseKey   = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" // a SHA-256, as of RFC 7638 section 3.1
	)
	claim := func(text string) func(*Kit) WrongToken {
		return func(*Kit) WrongToken { return WrongToken{Claims: text} }
	}
	always := func(w WrongToken) func(*Kit) WrongToken { return func(*Kit) WrongToken { return w } }
	// at moves a time, to beyond the leeway of five minutes that some libraries have.
	at := func(name string, from time.Duration) func(*Kit) WrongToken {
		return func(k *Kit) WrongToken {
			return WrongToken{Claims: jsonobject.Of(name, strconv.FormatInt(k.now().Add(from).Unix(), 10)).String()}
		}
	}
	// otherTenant puts another tenant into the issuer's name.
	otherTenant := func(k *Kit) WrongToken {
		iss, tid := k.claims.Text("iss"), k.claims.Text("tid")
		if tid != "" {
			iss = strings.ReplaceAll(iss, tid, elsewhere)
		}
		return WrongToken{Claims: jsonobject.Of("iss", jsonobject.Quote(iss), "tid", jsonobject.Quote(elsewhere)).String()}
	}
	issuerWith := func(tail string) func(*Kit) WrongToken {
		return func(k *Kit) WrongToken {
			return WrongToken{Claims: jsonobject.Of("iss", jsonobject.Quote(k.claims.Text("iss")+tail)).String()}
		}
	}
	var cases []Case
	add := func(risk Risk, fix string, wrong ...wrongCase) {
		for _, w := range wrong {
			cases = append(cases, w.with(risk, fix))
		}
	}
	add(AnyApp, fixAudience,
		wrongCase{"audience-other", "a token for another API", claim(`{"aud":"` + elsewhere + `"}`)},
		wrongCase{"audience-graph", "a token for Microsoft Graph", always(WrongToken{Kind: "graph"})},
		wrongCase{"audience-exchange", "a token for the exchange of workload identities, by name", claim(`{"aud":"api://AzureADTokenExchange"}`)},
		wrongCase{"audience-exchange-id", "a token for the exchange of workload identities, by ID",
			claim(`{"aud":"fb60f99c-7a34-4190-8149-302f77469936"}`)},
	)
	add(IssuerOnly, fixAudience,
		wrongCase{"audience-empty", "a token with an empty audience", claim(`{"aud":""}`)},
		wrongCase{"audience-absent", "a token without an audience", always(WrongToken{Without: []string{"aud"}})},
	)
	add(AnyTenant, fixIssuer,
		wrongCase{"issuer-tenant", "a token of another tenant, signed with the same key", otherTenant},
	)
	add(IssuerOnly, fixIssuer,
		wrongCase{"issuer-other", "a token that names an unknown issuer", claim(`{"iss":"https://issuer.invalid/v2.0"}`)},
		wrongCase{"issuer-longer", "a token whose issuer begins with the right name", issuerWith(".m2m-probe.invalid")},
		wrongCase{"issuer-list", "a token whose issuer is a list with the right name in it (CVE-2025-30144)", func(k *Kit) WrongToken {
			iss := `["https://issuer.invalid/v2.0",` + jsonobject.Quote(k.claims.Text("iss")) + "]"
			return WrongToken{Claims: jsonobject.Of("iss", iss).String()}
		}},
		wrongCase{"issuer-absent", "a token without an issuer", always(WrongToken{Without: []string{"iss"}})},
	)
	add(OldToken, fixTimes,
		wrongCase{"time-expired", "a token that ended an hour ago", always(WrongToken{Time: "expired"})},
		wrongCase{"time-expired-minutes", "a token that ended ten minutes ago", at("exp", -10*time.Minute)},
	)
	add(IssuerOnly, fixTimes,
		wrongCase{"time-not-yet", "a token that begins in an hour", always(WrongToken{Time: "not-yet"})},
		wrongCase{"time-not-yet-minutes", "a token that begins in ten minutes", at("nbf", 10*time.Minute)},
		wrongCase{"time-begin-text", "a token that begins in 2100, with nbf as a text (CVE-2026-25537)", claim(`{"nbf":"4102444800"}`)},
		wrongCase{"time-zero", "a token whose exp is 0", claim(`{"exp":0}`)},
		wrongCase{"time-negative", "a token whose exp is -1", claim(`{"exp":-1}`)},
		wrongCase{"time-fraction", "a token that ended in 2000, with a fraction of a second", claim(`{"exp":946684800.5}`)},
		wrongCase{"time-null", "a token whose exp is null", claim(`{"exp":null}`)},
		wrongCase{"time-no-expiry", "a token without exp", always(WrongToken{Without: []string{"exp"}})},
		wrongCase{"time-text", "a token that ended in 2000, with exp as a text", claim(`{"exp":"946684800"}`)},
	)
	add(AnybodyIn, fixKeySet,
		wrongCase{"key-other", "a sound token, signed with a key that is not the tenant's", always(WrongToken{Key: "other"})},
	)
	add(OldToken, fixKeySet,
		wrongCase{"key-withdrawn", "a sound token, signed with a key that left the set", always(WrongToken{Key: "withdrawn"})},
	)
	add(OldToken, fixBinding,
		wrongCase{"binding-certificate", "a token that is bound to a client certificate, sent as a bearer token without it",
			claim(`{"cnf":{"x5t#S256":"` + elseKey + `"}}`)},
		wrongCase{"binding-key", "a token that is bound to a DPoP key, sent as a bearer token without proof of it",
			claim(`{"cnf":{"jkt":"` + elseKey + `"}}`)},
	)
	add(AnyApp, fixRole,
		wrongCase{"role-absent", "a token without roles", always(WrongToken{Without: []string{"roles"}})},
		wrongCase{"role-other", "a token with another role", claim(`{"roles":["m2m.probe.other"]}`)},
	)
	add(IssuerOnly, fixRole,
		wrongCase{"role-empty", "a token with an empty list of roles", claim(`{"roles":[]}`)},
	)
	add(AnyApp, fixKind,
		wrongCase{"kind-user", "a user's access token", always(WrongToken{Kind: "user"})},
		wrongCase{"kind-id", "an ID token", always(WrongToken{Kind: "id"})},
	)
	add(IssuerOnly, fixCrit,
		wrongCase{"signed-crit", "a sound token with an unknown extension in crit",
			always(WrongToken{Header: `{"crit":["m2m"],"m2m":true}`})},
	)
	return cases
}

// wrongCase is a case of the family Issued.
type wrongCase struct {
	name, tries string
	token       func(*Kit) WrongToken
}

func (w wrongCase) with(risk Risk, fix string) Case {
	isRole := strings.HasPrefix(w.name, "role-")
	c := Case{
		Name: w.name, Family: Issued, Tries: w.tries, Safe: safeAnswers[Rejection], Risk: risk, Fix: fix,
		build: func(ctx context.Context, k *Kit) (Request, error) {
			if isRole && !k.claims.Has("roles") {
				return Request{}, &notApplicable{"the valid token has no roles either"}
			}
			return k.minted(ctx, w.token(k))
		},
	}
	if isRole {
		c.Safe = "403"
	}
	return c
}

// SoundCase sends a token of the Minter with no fault. If the API rejects it,
// what else the Minter makes proves nothing.
func SoundCase() Case {
	return Case{
		Name: "sound", Family: Issued, Tries: "a sound token", Safe: safeAnswers[Anything], Allows: Anything,
		build: func(ctx context.Context, k *Kit) (Request, error) { return k.minted(ctx, WrongToken{}) },
	}
}

// minted is the request with a token that the Minter makes.
func (k *Kit) minted(ctx context.Context, wrong WrongToken) (Request, error) {
	if k.minter == nil {
		return Request{}, &notApplicable{"only a local tenant makes tokens that are wrong"}
	}
	wrong.API, wrong.Client = k.claims.Text("aud"), k.claims.Text("azp")
	if wrong.Client == "" {
		wrong.Client = k.claims.Text("appid")
	}
	if wrong.Kind == "graph" {
		wrong.API = ""
	}
	token, err := k.minter.Mint(ctx, wrong)
	if err != nil {
		return Request{}, err
	}
	return k.base.WithToken(token.Reveal()), nil
}
