package verify_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/explain"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

// TestWhoMayCall is the table of who is let in: apps by roles, users by scopes.
func TestWhoMayCall(t *testing.T) {
	const (
		none  = ""
		role  = "Data.Read"
		scope = "Data.Read.User"
	)
	app, user := issuertest.ClaimsV2(), issuertest.UserClaims()
	tests := []struct {
		name          string
		roles, scopes string
		all, allow    bool
		claims        issuertest.Members
		want          error
	}{
		{name: "nothing required, app", claims: app.Del("roles")},
		{name: "nothing required, user", claims: user, want: verify.ErrUserToken},
		{name: "nothing required, user allowed", allow: true, claims: user},
		{name: "role required, app has it", roles: role, claims: app},
		{name: "role required, app without", roles: role, claims: app.Del("roles"), want: verify.ErrRoleMissing},
		{name: "role required, user with it", roles: role, claims: user.Set("roles", `["Data.Read"]`),
			want: verify.ErrUserToken},
		{name: "any role", roles: "X," + role, claims: app},
		{name: "all roles, one missing", roles: "X," + role, all: true, claims: app, want: verify.ErrRoleMissing},
		{name: "all roles", roles: "X," + role, all: true, claims: app.Set("roles", `["Data.Read","X"]`)},
		{name: "scope required, app with roles", scopes: scope, claims: app, want: verify.ErrScopeOnly},
		{name: "scope required, app without", scopes: scope, claims: app.Del("roles"), want: verify.ErrScopeOnly},
		{name: "scope required, user has it", scopes: scope, claims: user},
		{name: "scope required, user without", scopes: scope, claims: user.Str("scp", "openid"),
			want: verify.ErrScopeMissing},
		{name: "scope is not part of a longer one", scopes: "Data.Read", claims: user, want: verify.ErrScopeMissing},
		{name: "all scopes, one missing", scopes: scope + ",X", all: true, claims: user, want: verify.ErrScopeMissing},
		{name: "all scopes", scopes: scope + ",openid", all: true, claims: user},
		{name: "both required, app by role", roles: role, scopes: scope, claims: app},
		{name: "both required, user by scope", roles: role, scopes: scope, claims: user},
		{name: "both required, user with the role only", roles: role, scopes: scope,
			claims: user.Str("scp", "openid").Set("roles", `["Data.Read"]`), want: verify.ErrScopeMissing},
		{name: "both required, app without", roles: role, scopes: scope, claims: app.Del("roles"),
			want: verify.ErrRoleMissing},
		{name: "role required, user allowed", roles: role, allow: true, claims: user, want: verify.ErrRoleMissing},
		{name: "role required, user allowed who has it", roles: role, allow: true,
			claims: user.Set("roles", `["Data.Read"]`)},
		{name: "role required, user allowed who has another", roles: role, allow: true,
			claims: user.Set("roles", `["X"]`), want: verify.ErrRoleMissing},
		{name: "agent, scp a slash", roles: role, claims: app.Str("idtyp", "app").Str("scp", "/")},
		{name: "agent, scp empty", roles: role, claims: app.Str("scp", "")},
		{name: "idtyp user, no scp, users allowed", allow: true, claims: app.Str("idtyp", "user").Del("roles")},
		{name: "idtyp of a device, users allowed", allow: true, claims: user.Str("idtyp", "device"),
			want: verify.ErrNotAppOnly},
		{name: "scope asked of a user with no scp", scopes: scope, claims: app.Str("sub", "p"), want: verify.ErrNotAppOnly},
		{name: "ID token, users allowed", allow: true, scopes: none, claims: issuertest.IDClaims(), want: verify.ErrIDToken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := policy()
			p.Roles, p.Scopes, p.RequireAll, p.AllowUser = list(tt.roles), list(tt.scopes), tt.all, tt.allow
			_, err := verifier(t, p, issuertest.Keys(t)).Verify(t.Context(), issuertest.Mint(issuertest.Header(), tt.claims))
			if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Fatalf("want %v, got %v", tt.want, err)
			}
			forbidden := tt.want == verify.ErrRoleMissing || tt.want == verify.ErrScopeMissing || tt.want == verify.ErrScopeOnly
			if errors.Is(err, verify.ErrForbidden) != forbidden {
				t.Errorf("want forbidden %v, got %v", forbidden, err)
			}
		})
	}
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// TestForbiddenComesLast: 403 tells a caller that it is valid, so nothing
// else may be wrong.
func TestForbiddenComesLast(t *testing.T) {
	forged := issuertest.Sign(issuertest.Pairs()[1], issuertest.Header().JSON(), issuertest.ClaimsV2().Del("roles").JSON())
	_, err := verifier(t, policy(), issuertest.Keys(t)).Verify(t.Context(), forged)
	if errors.Is(err, verify.ErrForbidden) || !errors.Is(err, verify.ErrInvalid) ||
		!errors.Is(err, verify.ErrSignatureMismatch) {
		t.Errorf("want a rejection for the signature, got %v", err)
	}
}

func TestPolicyLimits(t *testing.T) {
	tests := []struct {
		name   string
		change func(*verify.Policy)
		want   error
	}{
		{"six minutes of leeway", func(p *verify.Policy) { p.Leeway = 6 * time.Minute }, verify.ErrLeeway},
		{"negative leeway", func(p *verify.Policy) { p.Leeway = -time.Second }, verify.ErrLeeway},
		{"no leeway", func(p *verify.Policy) { p.Leeway = verify.NoLeeway }, nil},
		{"five minutes of leeway", func(p *verify.Policy) { p.Leeway = 5 * time.Minute }, nil},
		{"negative lifetime", func(p *verify.Policy) { p.MaxLifetime = -1 }, verify.ErrMaxLifetime},
		{"empty audience", func(p *verify.Policy) { p.Audiences = []string{""} }, verify.ErrEmptyEntry},
		{"empty role", func(p *verify.Policy) { p.Roles = []string{"A", ""} }, verify.ErrEmptyEntry},
		{"tenant common", func(p *verify.Policy) { p.Tenants = []string{"common"} }, verify.ErrTenantName},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := policy()
			tt.change(&p)
			if _, err := verify.New(p, issuertest.Keys(t), verify.Options{}); !errors.Is(err, tt.want) {
				t.Errorf("want %v, got %v", tt.want, err)
			}
		})
	}
}

// TestStrictZero: with nothing configured, no token is valid, and nothing is
// rejected for that reason either.
func TestStrictZero(t *testing.T) {
	named := verify.Policy{Tenants: []string{issuertest.Tenant}, Audiences: []string{issuertest.API}}
	tests := []struct {
		name   string
		policy verify.Policy
		keys   jwks.Source
		reason error
		check  verify.Check
	}{
		{"zero policy, no keys", verify.Policy{}, nil, verify.ErrIssuerUnset, verify.CheckIssuer},
		{"zero policy", verify.Policy{}, issuertest.Keys(t), verify.ErrTenantUnset, verify.CheckTenant},
		{"no audience", verify.Policy{Tenants: []string{issuertest.Tenant}}, issuertest.Keys(t), verify.ErrAudienceUnset,
			verify.CheckAudience},
		{"no keys", named, nil, verify.ErrIssuerUnset, verify.CheckIssuer},
		{"keys of nobody in particular", named, bare(t, jwks.SetOptions{}), verify.ErrIssuerUnset, verify.CheckIssuer},
		{"domain that nobody resolves", verify.Policy{Tenants: []string{"contoso.com"}, Audiences: []string{issuertest.API}},
			issuertest.Keys(t), verify.ErrTenantUnresolved, verify.CheckTenant},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := verifier(t, tt.policy, tt.keys)
			_, err := v.Verify(t.Context(), issuertest.Valid())
			if !errors.Is(err, verify.ErrUndecided) || !errors.Is(err, tt.reason) || errors.Is(err, verify.ErrInvalid) {
				t.Errorf("Verify: want undecided (%v), got %v", tt.reason, err)
			}
			report := v.Report(t.Context(), issuertest.Valid())
			if f := report.Finding(tt.check); report.Verdict != verify.Undecided || f.Status != verify.Unknown ||
				f.Reason != tt.reason {
				t.Errorf("Report: want unknown (%v), got %s, %+v", tt.reason, report.Verdict, f)
			}
		})
	}
}

func bare(t *testing.T, o jwks.SetOptions) *jwks.Set {
	t.Helper()
	s, err := jwks.NewSet([]byte(issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID))), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestComplete(t *testing.T) {
	if err := (verify.Policy{}).Complete(); !errors.Is(err, verify.ErrTenantUnset) ||
		!errors.Is(err, verify.ErrAudienceUnset) {
		t.Errorf("want both unset, got %v", err)
	}
	for _, p := range []verify.Policy{policy(), {AnyTenant: true, AnyAudience: true}} {
		if err := p.Complete(); err != nil {
			t.Errorf("want complete, got %v", err)
		}
	}
}

// TestAudienceIncomplete: for api://name nobody can derive the GUID of a v2.0
// token, so that a GUID there is unknown; everything else stays wrong.
func TestAudienceIncomplete(t *testing.T) {
	p := policy()
	p.Audiences, p.AudienceIncomplete = []string{"api://m2m"}, true
	tests := []struct {
		name   string
		claims issuertest.Members
		want   error
		out    error
	}{
		{"v2.0 token with a GUID", issuertest.ClaimsV2(), verify.ErrAudienceIncomplete, verify.ErrUndecided},
		{"v1.0 token with the URI", issuertest.ClaimsV1(), nil, nil},
		{"v1.0 token with a GUID", issuertest.ClaimsV1().Str("aud", issuertest.API), verify.ErrAudienceMismatch,
			verify.ErrInvalid},
		{"v2.0 token with another URI", issuertest.ClaimsV2().Str("aud", "api://other"), verify.ErrAudienceMismatch,
			verify.ErrInvalid},
		{"v2.0 token for Graph", issuertest.ClaimsV2().Str("aud", "00000003-0000-0000-c000-000000000000"),
			verify.ErrAudienceMismatch, verify.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := verifier(t, p, issuertest.Keys(t))
			if _, err := v.Verify(t.Context(), issuertest.Mint(issuertest.Header(), tt.claims)); !errors.Is(err, tt.want) ||
				!errors.Is(err, tt.out) {
				t.Errorf("want %v, %v, got %v", tt.out, tt.want, err)
			}
		})
	}
	report := explain.Report(verifier(t, p, issuertest.Keys(t)).Report(t.Context(), issuertest.Valid()), explain.Judged{})
	f := report.Finding(verify.CheckAudience)
	if report.Verdict != verify.Undecided || f.Status != verify.Unknown || f.Fix != "API_AUDIENCE="+issuertest.API {
		t.Errorf("want the line to add, got %s, %+v", report.Verdict, f)
	}
}

// TestSwitchedOff: each loosening loosens its own check and no other.
func TestSwitchedOff(t *testing.T) {
	other := foreign().Str("aud", "api://other")
	common := entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: "common"}
	tests := []struct {
		name   string
		change func(*verify.Policy)
		keys   jwks.SetOptions
		claims issuertest.Members
		want   error
	}{
		{"any tenant", func(p *verify.Policy) { p.AnyTenant = true }, jwks.SetOptions{Authority: common}, foreign(), nil},
		{"any tenant still wants tid in iss", func(p *verify.Policy) { p.AnyTenant = true },
			jwks.SetOptions{Authority: common}, issuertest.ClaimsV2().Str("tid", issuertest.OtherTenant),
			verify.ErrTenantNotInIss},
		{"any tenant, one authority", func(p *verify.Policy) { p.AnyTenant = true },
			jwks.SetOptions{Authority: issuertest.Authority()}, foreign(), verify.ErrIssuerMismatch},
		{"listed tenant of a common authority", func(p *verify.Policy) {},
			jwks.SetOptions{Authority: common}, issuertest.ClaimsV2(), nil},
		{"unlisted tenant of a common authority", func(p *verify.Policy) {},
			jwks.SetOptions{Authority: common}, foreign(), verify.ErrTenantMismatch},
		{"any audience", func(p *verify.Policy) { p.AnyAudience = true },
			jwks.SetOptions{Authority: issuertest.Authority()}, issuertest.ClaimsV2().Str("aud", "api://other"), nil},
		{"any issuer", func(p *verify.Policy) {}, jwks.SetOptions{AnyIssuer: true}, issuertest.ClaimsV2(), nil},
		{"any issuer still wants the key's own", func(p *verify.Policy) {},
			jwks.SetOptions{AnyIssuer: true},
			issuertest.ClaimsV2().Str("iss", "https://evil.example/"+issuertest.Tenant+"/v2.0"), verify.ErrKeyIssuer},
		{"given issuer", func(p *verify.Policy) {}, jwks.SetOptions{Issuer: issuertest.IssuerV2}, issuertest.ClaimsV2(), nil},
		{"given issuer, another one", func(p *verify.Policy) {}, jwks.SetOptions{Issuer: issuertest.IssuerV2}, foreign(),
			verify.ErrIssuerMismatch},
		{"all at once", func(p *verify.Policy) { p.AnyTenant, p.AnyAudience = true, true },
			jwks.SetOptions{AnyIssuer: true}, other, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := policy()
			tt.change(&p)
			_, err := verifier(t, p, bare(t, tt.keys)).Verify(t.Context(), issuertest.Mint(issuertest.Header(), tt.claims))
			if !errors.Is(err, tt.want) {
				t.Errorf("want %v, got %v", tt.want, err)
			}
		})
	}
}

func TestClients(t *testing.T) {
	p := policy()
	p.Clients = []string{strings.ToUpper(issuertest.Client)}
	try(t, verifier(t, p, issuertest.Keys(t)), trial{token: issuertest.Valid()})
	p.Clients = []string{issuertest.OtherTenant}
	try(t, verifier(t, p, issuertest.Keys(t)),
		trial{token: issuertest.Valid(), want: verify.ErrClientNotListed, check: verify.CheckClient})
}

// lenient admits everybody, as a careless key source could.
type lenient struct{ jwks.Source }

func (lenient) Admits(entra.Version, string) bool { return true }

// TestAdmitsProvesNothing: the issuer is compared with the metadata whatever
// the cheap look before it said.
func TestAdmitsProvesNothing(t *testing.T) {
	p := policy()
	p.AnyTenant = true
	try(t, verifier(t, p, lenient{issuertest.Keys(t)}),
		trial{token: issuertest.Mint(issuertest.Header(), foreign()), want: verify.ErrIssuerMismatch,
			check: verify.CheckIssuer})
}

// TestNoLeeway: no leeway is none, and not the default.
func TestNoLeeway(t *testing.T) {
	p := policy()
	p.Leeway = verify.NoLeeway
	v := verifier(t, p, issuertest.Keys(t))
	for _, tt := range []struct {
		name     string
		nbf, exp time.Duration
		want     error
	}{
		{"begins now", 0, time.Hour, nil},
		{"begins in a second", time.Second, time.Hour, verify.ErrNotYetValid},
		{"ends in a second", -time.Minute, time.Second, nil},
		{"ends now", -time.Minute, 0, verify.ErrExpired},
	} {
		try(t, v, trial{tt.name,
			issuertest.Mint(issuertest.Header(),
				issuertest.ClaimsV2().Date("nbf", issuertest.Noon.Add(tt.nbf)).Date("exp", issuertest.Noon.Add(tt.exp))), tt.want,
			verify.CheckLifetime})
	}
}

// TestPolicyIsTheVerifiersOwn: what a caller does to its lists afterwards lets
// nobody in.
func TestPolicyIsTheVerifiersOwn(t *testing.T) {
	for name, list := range map[string]func(*verify.Policy) *[]string{
		"tenants":   func(p *verify.Policy) *[]string { return &p.Tenants },
		"audiences": func(p *verify.Policy) *[]string { return &p.Audiences },
		"clients":   func(p *verify.Policy) *[]string { return &p.Clients },
		"roles":     func(p *verify.Policy) *[]string { return &p.Roles },
	} {
		p := policy()
		p.Clients = []string{issuertest.Client}
		right := (*list(&p))[0]
		*list(&p) = []string{issuertest.Object} // a GUID in small letters, which no copy is needed for
		v := verifier(t, p, issuertest.Keys(t))
		(*list(&p))[0] = right
		if _, err := v.Verify(t.Context(), issuertest.Valid()); err == nil {
			t.Errorf("%s: changed after the verifier was made", name)
		}
	}
}
