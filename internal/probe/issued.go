package probe

import (
	"context"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/jsonobject"
)

// Minter makes tokens that the API's own issuer signs, however wrong. A real
// tenant has none.
type Minter interface {
	// Mint makes the token that wrong describes.
	Mint(ctx context.Context, wrong Wrong) (entra.Secret, error)
}

// Wrong says how a token differs from the one that the client gets for the API.
// The zero value of everything but API and Client is a sound token.
type Wrong struct {
	// API and Client are whom the token is for and whose it is, by ID.
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
	fixCrit     = "refuse a token with crit: nothing in it is understood; RFC 7515 section 4.1.11"
)

// issuedCases are tokens that the issuer really signed, and that the API must
// refuse all the same.
func issuedCases() []Case {
	const elsewhere = "11111111-2222-4333-8444-555555555555"
	claim := func(text string) func(*kit) Wrong { return func(*kit) Wrong { return Wrong{Claims: text} } }
	always := func(w Wrong) func(*kit) Wrong { return func(*kit) Wrong { return w } }
	// otherTenant is the issuer's name with another tenant in it.
	otherTenant := func(k *kit) Wrong {
		iss, tid := k.claims.Text("iss"), k.claims.Text("tid")
		if tid != "" {
			iss = strings.ReplaceAll(iss, tid, elsewhere)
		}
		return Wrong{Claims: jsonobject.Of("iss", jsonobject.Quote(iss), "tid", jsonobject.Quote(elsewhere)).String()}
	}
	issuerWith := func(tail string) func(*kit) Wrong {
		return func(k *kit) Wrong {
			return Wrong{Claims: jsonobject.Of("iss", jsonobject.Quote(k.claims.Text("iss")+tail)).String()}
		}
	}
	var cases []Case
	add := func(severity Severity, fix string, rows ...wrongRow) {
		cases = append(cases, issuedFamily(severity, fix, rows)...)
	}
	add(Critical, fixAudience,
		wrongRow{"audience-other", "a token for another API", claim(`{"aud":"` + elsewhere + `"}`)},
		wrongRow{"audience-graph", "a token for Microsoft Graph", always(Wrong{Kind: "graph"})},
		wrongRow{"audience-empty", "a token with an empty audience", claim(`{"aud":""}`)},
		wrongRow{"audience-absent", "a token without an audience", always(Wrong{Without: []string{"aud"}})},
	)
	add(Critical, fixIssuer,
		wrongRow{"issuer-other", "a token that names an unknown issuer", claim(`{"iss":"https://issuer.invalid/v2.0"}`)},
		wrongRow{"issuer-tenant", "a token of another tenant, signed with the same key", otherTenant},
		wrongRow{"issuer-longer", "a token whose issuer begins with the right name", issuerWith(".m2m-probe.invalid")},
		wrongRow{"issuer-absent", "a token without an issuer", always(Wrong{Without: []string{"iss"}})},
	)
	add(Critical, fixTimes,
		wrongRow{"time-expired", "a token that ended an hour ago", always(Wrong{Time: "expired"})},
		wrongRow{"time-not-yet", "a token that begins in an hour", always(Wrong{Time: "not-yet"})},
		wrongRow{"time-no-expiry", "a token without exp", always(Wrong{Without: []string{"exp"}})},
		wrongRow{"time-text", "a token that ended in 2000, with exp as a text", claim(`{"exp":"946684800"}`)},
	)
	add(Critical, fixKeySet,
		wrongRow{"key-other", "a sound token, signed with a key that is not the tenant's", always(Wrong{Key: "other"})},
		wrongRow{"key-withdrawn", "a sound token, signed with a key that left the set", always(Wrong{Key: "withdrawn"})},
	)
	add(High, fixRole,
		wrongRow{"role-absent", "a token without roles", always(Wrong{Without: []string{"roles"}})},
		wrongRow{"role-other", "a token with another role", claim(`{"roles":["m2m.probe.other"]}`)},
		wrongRow{"role-empty", "a token with an empty list of roles", claim(`{"roles":[]}`)},
	)
	add(High, fixKind,
		wrongRow{"kind-user", "a user's access token", always(Wrong{Kind: "user"})},
		wrongRow{"kind-id", "an ID token", always(Wrong{Kind: "id"})},
	)
	add(Medium, fixCrit,
		wrongRow{"signed-crit", "a sound token with an extension in crit that nobody knows", always(Wrong{Header: `{"crit":["m2m"],"m2m":true}`})},
	)
	return cases
}

type wrongRow struct {
	name, tries string
	wrong       func(*kit) Wrong
}

func issuedFamily(severity Severity, fix string, rows []wrongRow) []Case {
	cases := make([]Case, len(rows))
	for i, r := range rows {
		cases[i] = Case{
			Name: r.name, Family: Issued, Tries: r.tries, Severity: severity, Fix: fix,
			send: func(ctx context.Context, k *kit) (request, error) {
				if strings.HasPrefix(r.name, "role-") && !k.claims.Has("roles") {
					return request{}, &notApplicable{"the valid token has no roles either"}
				}
				return k.minted(ctx, r.wrong(k))
			},
		}
	}
	return cases
}

// soundCase is a token of the Minter with no fault. If the API refuses it, what
// else the Minter makes proves nothing.
func soundCase() Case {
	return Case{
		Name: "sound", Family: Issued, Tries: "a sound token", allows: anything,
		send: func(ctx context.Context, k *kit) (request, error) { return k.minted(ctx, Wrong{}) },
	}
}

// minted is the request with a token that the Minter makes.
func (k *kit) minted(ctx context.Context, wrong Wrong) (request, error) {
	if k.minter == nil {
		return request{}, &notApplicable{"only a local tenant makes tokens that are wrong"}
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
		return request{}, err
	}
	return k.base.bearing(token.Reveal()), nil
}
