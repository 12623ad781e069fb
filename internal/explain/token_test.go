package explain_test

import (
	"strings"
	"testing"
	"time"

	"m2m/internal/explain"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

func policy() verify.Policy {
	return verify.Policy{Tenants: []string{issuertest.Tenant}, Audiences: []string{issuertest.API, "api://m2m"},
		Roles: []string{"Data.Read"}}
}

func verifier(t testing.TB, p verify.Policy, keys jwks.Source) *verify.Verifier {
	t.Helper()
	v, err := verify.New(p, keys, verify.Options{Now: issuertest.At(issuertest.Noon)})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestDiagnosis: what people paste at two in the morning, and the words that
// must reach them. Every row is recognised from the token alone.
func TestDiagnosis(t *testing.T) {
	uri := func(p *verify.Policy) { p.Audiences = []string{"api://m2m"} }
	guid := func(p *verify.Policy) { p.Audiences = []string{issuertest.API} }
	same := func(*verify.Policy) {}
	graphHeader := issuertest.Header().Str("nonce", "n").Str("x5t", issuertest.KeyID)
	usgov := issuertest.ClaimsV2().Str("iss",
		strings.Replace(issuertest.IssuerV2, "microsoftonline.com", "microsoftonline.us", 1))
	tests := []struct {
		name       string
		policy     func(*verify.Policy)
		header     issuertest.Members
		claims     issuertest.Members
		check      verify.Check
		cause, fix string
		verdict    verify.Verdict
	}{
		{"1 v1.0 token at a v2.0 API", guid, issuertest.Header(), issuertest.ClaimsV1(), verify.CheckAudience,
			"v1.0 token, which carries the App ID URI", "requestedAccessTokenVersion to 2", verify.Invalid},
		{"1 v2.0 token at a v1.0 API", uri, issuertest.Header(), issuertest.ClaimsV2(), verify.CheckAudience,
			"v2.0 tokens carry the API's client ID", "API_AUDIENCE=api://m2m," + issuertest.API, verify.Invalid},
		{"1 api://GUID against GUID", guid, issuertest.Header(), issuertest.ClaimsV1().Str("aud", "api://"+issuertest.API),
			verify.CheckAudience,
			"App ID URI that was asked for", "API_AUDIENCE=" + issuertest.API + ",api://" + issuertest.API, verify.Invalid},
		{"1 slash at the end", uri, issuertest.Header(), issuertest.ClaimsV1().Str("aud", "api://m2m/"), verify.CheckAudience,
			"differ by a slash", "API_AUDIENCE=api://m2m,api://m2m/", verify.Invalid},
		{"1 upper case", uri, issuertest.Header(), issuertest.ClaimsV1().Str("aud", "api://M2M"), verify.CheckAudience,
			"upper and lower case", "API_AUDIENCE=", verify.Invalid},
		{"2 v1.0 issuer in a v2.0 token", same, issuertest.Header(), issuertest.ClaimsV2().Str("iss", issuertest.IssuerV1),
			verify.CheckIssuer,
			"form of 1.0", "new token", verify.Invalid},
		{"3 Graph token", same, graphHeader, issuertest.ClaimsV1().Str("aud", "00000003-0000-0000-c000-000000000000"),
			verify.CheckSignature,
			"only Graph can verify it", "--scope " + issuertest.API + "/.default", verify.Unverifiable},
		{"3 Graph token by URL", same, graphHeader, issuertest.ClaimsV1().Str("aud", "https://graph.microsoft.com/"),
			verify.CheckAudience,
			"Microsoft Graph", "/.default", verify.Unverifiable},
		{"Azure Resource Manager", same, issuertest.Header(),
			issuertest.ClaimsV1().Str("aud", "https://management.azure.com"), verify.CheckAudience,
			"Azure Resource Manager", "--scope", verify.Invalid},
		{"client asked for itself", same, issuertest.Header(), issuertest.ClaimsV2().Str("aud", issuertest.Client),
			verify.CheckAudience,
			"a token for itself", "--scope", verify.Invalid},
		{"another API", same, issuertest.Header(), issuertest.ClaimsV2().Str("aud", issuertest.OtherTenant),
			verify.CheckAudience,
			"another API", "--scope " + issuertest.API, verify.Invalid},
		{"5 no roles, or older than the grant", same, issuertest.Header(), issuertest.ClaimsV2().Del("roles"),
			verify.CheckPermission,
			"likely none is granted, or consent is missing, or the token (issued 2026-06-01 11:30:00 UTC) is older than the grant", "app role Data.Read to client " + issuertest.Client, verify.Invalid},
		{"7 role in another case", same, issuertest.Header(), issuertest.ClaimsV2().Set("roles", `["data.read"]`),
			verify.CheckPermission,
			"the role differs only by upper and lower case", "REQUIRED_ROLES", verify.Invalid},
		{"7 another role", same, issuertest.Header(), issuertest.ClaimsV2().Set("roles", `["Other"]`), verify.CheckPermission,
			"other roles", "Data.Read", verify.Invalid},
		{"8 scopes asked of an app", func(p *verify.Policy) { p.Roles, p.Scopes = nil, []string{"Read"} },
			issuertest.Header(), issuertest.ClaimsV2(),
			verify.CheckPermission, "app-only tokens never carry scp", "--require-role", verify.Invalid},
		{"user without the scope", func(p *verify.Policy) { p.Scopes = []string{"Write"} }, issuertest.Header(),
			issuertest.UserClaims(),
			verify.CheckPermission, "did not ask for the scope", "Write", verify.Invalid},
		{"user with the scope in another case", func(p *verify.Policy) { p.Scopes = []string{"OpenID"} }, issuertest.Header(),
			issuertest.UserClaims(),
			verify.CheckPermission, "the scope differs only by upper and lower case", "REQUIRED_SCOPES", verify.Invalid},
		{"9 key rolled, or the app's own", same, issuertest.Header().Str("kid", "other"), issuertest.ClaimsV2(),
			verify.CheckKey,
			"likely the issuer has changed its keys", "?appid=" + issuertest.API, verify.Invalid},
		{"9 key retired since it expired", same, issuertest.Header().Str("kid", "other"),
			issuertest.ClaimsV2().Date("exp", issuertest.Noon.Add(-20*time.Minute)),
			verify.CheckKey, "likely its key has been retired", "--refresh", verify.Invalid},
		{"9 another issuer's key", same, issuertest.Header().Str("kid", "other"), strangerOf(issuertest.OtherTenant),
			verify.CheckIssuer,
			"another tenant", "TENANT_ID=" + issuertest.OtherTenant, verify.Invalid},
		{"10 expired", same, issuertest.Header(), issuertest.ClaimsV2().Date("exp", issuertest.Noon.Add(-20*time.Minute)),
			verify.CheckLifetime,
			"it expired 20m ago", "--refresh", verify.Invalid},
		{"10 expired just now", same, issuertest.Header(),
			issuertest.ClaimsV2().Date("exp", issuertest.Noon.Add(-2*time.Minute)), verify.CheckLifetime,
			"likely it was kept too long, or the clocks differ", "NTP", verify.Invalid},
		{"10 not yet", same, issuertest.Header(), issuertest.ClaimsV2().Date("nbf", issuertest.Noon.Add(3*time.Minute)),
			verify.CheckLifetime,
			"likely this machine's clock is slow: the token begins in 3m", "--leeway", verify.Invalid},
		{"10 issued in the future", same, issuertest.Header(),
			issuertest.ClaimsV2().Date("iat", issuertest.Noon.Add(3*time.Minute)), verify.CheckLifetime,
			"begins in 3m", "NTP", verify.Invalid},
		{"ten years", same, issuertest.Header(), issuertest.ClaimsV2().Date("exp", issuertest.Noon.AddDate(10, 0, 0)),
			verify.CheckLifetime,
			"28 hours", "new token", verify.Invalid},
		{"11 another tenant", same, issuertest.Header(), strangerOf(issuertest.OtherTenant), verify.CheckIssuer,
			"another tenant", "TENANT_ID=" + issuertest.OtherTenant, verify.Invalid},
		{"11 the template", same, issuertest.Header(),
			issuertest.ClaimsV2().Str("iss", "https://login.microsoftonline.com/{tenantid}/v2.0"), verify.CheckIssuer,
			"template of a multi-tenant document", "", verify.Invalid},
		{"personal account", same, issuertest.Header(), strangerOf("9188040d-6c67-4c5b-b112-36a304b66dad"),
			verify.CheckIssuer,
			"personal Microsoft account", "", verify.Invalid},
		{"wrong cloud", same, issuertest.Header(), usgov, verify.CheckIssuer,
			"another cloud (usgov, not public)", "--cloud public", verify.Invalid},
		{"a local tenant's", same, issuertest.Header(),
			issuertest.ClaimsV2().Str("iss", "https://127.0.0.1:8443/"+issuertest.Tenant+"/v2.0"), verify.CheckIssuer,
			"likely a local tenant", "--local", verify.Invalid},
		{"not Entra's form", same, issuertest.Header(), issuertest.ClaimsV2().Str("iss", "https://accounts.example.com"),
			verify.CheckIssuer,
			"likely another issuer", "--issuer", verify.Invalid},
		{"not Entra's host", same, issuertest.Header(),
			issuertest.ClaimsV2().Str("iss", "https://id.example/"+issuertest.Tenant+"/v2.0"), verify.CheckIssuer,
			"not a login host", "--issuer", verify.Invalid},
		{"no ver", same, issuertest.Header(), issuertest.ClaimsV2().Del("ver"), verify.CheckIssuer, "likely another issuer",
			"new token", verify.Invalid},
		{"15 object ID of the service principal", func(p *verify.Policy) { p.Clients = []string{issuertest.Object} },
			issuertest.Header(), issuertest.ClaimsV2(),
			verify.CheckClient, "object ID of the app's service principal", "--client " + issuertest.Client, verify.Invalid},
		{"15 object ID of the registration", func(p *verify.Policy) { p.Clients = []string{issuertest.OtherTenant} },
			issuertest.Header(), issuertest.ClaimsV2(),
			verify.CheckClient, "likely, if the app is the right one", "az ad sp show --id " + issuertest.Client, verify.Invalid},
		{"ID token", same, issuertest.Header(), issuertest.IDClaims(), verify.CheckKind, "ID token", "send the access token",
			verify.Invalid},
		{"user's token", same, issuertest.Header(), issuertest.UserClaims(), verify.CheckKind,
			`this is a user's token: it has scp "Data.Read.User openid"`, "--allow-user", verify.Invalid},
		{"unsigned", same, issuertest.Header().Str("alg", "nOnE"), issuertest.ClaimsV2(), verify.CheckAlgorithm,
			"the token is not signed", "new token", verify.Invalid},
		{"shared secret", same, issuertest.Header().Str("alg", "HS256"), issuertest.ClaimsV2(), verify.CheckAlgorithm,
			"shared secret", "new token", verify.Invalid},
		{"nonce of another service", same, issuertest.Header().Str("nonce", "n"), issuertest.ClaimsV2().Str("x", "y"),
			verify.CheckSignature, "", "", verify.Valid},
		{"no tenant set", func(p *verify.Policy) { p.Tenants = nil }, issuertest.Header(), issuertest.ClaimsV2(),
			verify.CheckTenant,
			"no tenant is configured", "TENANT_ID=" + issuertest.Tenant, verify.Undecided},
		{"no audience set", func(p *verify.Policy) { p.Audiences = nil }, issuertest.Header(), issuertest.ClaimsV2(),
			verify.CheckAudience,
			"no audience is configured", "API_AUDIENCE=" + issuertest.API, verify.Undecided},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := policy()
			tt.policy(&p)
			report := explain.Report(verifier(t, p, issuertest.Keys(t)).Report(t.Context(),
				issuertest.Mint(tt.header, tt.claims)), explain.Judged{})
			f := report.Finding(tt.check)
			if report.Verdict != tt.verdict || !strings.Contains(f.Cause, tt.cause) || !strings.Contains(f.Fix, tt.fix) {
				t.Errorf("want %s, cause …%s…, fix …%s…\ngot %s, %+v", tt.verdict, tt.cause, tt.fix, report.Verdict, f)
			}
		})
	}
}

func strangerOf(tid string) issuertest.Members {
	return issuertest.ClaimsV2().Str("tid", tid).Str("iss",
		strings.Replace(issuertest.IssuerV2, issuertest.Tenant, tid, 1))
}

// TestReportIsPlainText: a hostile token cannot move the cursor of whoever reads
// its report, nor write two settings where one was meant.
func TestReportIsPlainText(t *testing.T) {
	const evil = "x\u009b2J\u202ey,z"
	p := policy()
	p.Clients, p.Audiences = []string{issuertest.Client}, nil
	h, c := issuertest.Header().Str("kid", evil).Str("typ", evil), issuertest.ClaimsV2()
	for _, name := range []string{"aud", "iss", "tid", "azp", "sub", "ver"} {
		c = c.Str(name, evil)
	}
	c = c.Set("roles", `["`+evil+`"]`)
	for _, token := range []string{
		issuertest.Mint(h, c), issuertest.Mint(issuertest.Header(), c),
		issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Str("aud", evil)),
		issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Set("roles", `["`+evil+`"]`)),
		issuertest.Mint(issuertest.Header(), issuertest.UserClaims().Str("scp", evil)),
		issuertest.Mint(issuertest.Header().Str("kid", evil), issuertest.ClaimsV2()),
		issuertest.Mint(issuertest.Header().Str(evil, "x"), issuertest.ClaimsV2().Add(evil, `1`).Add(evil, `1`)),
	} {
		report := explain.Report(verifier(t, p, issuertest.Keys(t)).Report(t.Context(), token), explain.Judged{})
		for _, f := range report.Findings {
			if words := f.Expected + f.Found + f.Cause + f.Fix; strings.ContainsAny(words, "\u009b\u202e") {
				t.Errorf("%s: %q", f.Check, words)
			}
			if strings.Contains(f.Fix, "=x") {
				t.Errorf("%s: a hostile value in a setting: %s", f.Check, f.Fix)
			}
		}
	}
}
