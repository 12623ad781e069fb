package verify_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

const graph = "00000003-0000-0000-c000-000000000000"

// TestDiagnosis: what people paste at two in the morning, and the words that
// must reach them. Every row is recognised from the token alone.
func TestDiagnosis(t *testing.T) {
	uri := func(p *verify.Policy) { p.Audiences = []string{"api://m2m"} }
	guid := func(p *verify.Policy) { p.Audiences = []string{api} }
	same := func(*verify.Policy) {}
	graphHeader := header().str("nonce", "n").str("x5t", kid)
	usgov := claimsV2().str("iss", strings.Replace(issuerV2, "microsoftonline.com", "microsoftonline.us", 1))
	tests := []struct {
		name       string
		policy     func(*verify.Policy)
		header     members
		claims     members
		check      verify.Check
		cause, fix string
		verdict    verify.Verdict
	}{
		{"1 v1.0 token at a v2.0 API", guid, header(), claimsV1(), verify.CheckAudience,
			"v1.0 token, which carries the App ID URI", "requestedAccessTokenVersion to 2", verify.Refused},
		{"1 v2.0 token at a v1.0 API", uri, header(), claimsV2(), verify.CheckAudience,
			"v2.0 tokens carry the API's client ID", "API_AUDIENCE=api://m2m," + api, verify.Refused},
		{"1 api://GUID against GUID", guid, header(), claimsV1().str("aud", "api://"+api), verify.CheckAudience,
			"App ID URI that was asked for", "API_AUDIENCE=" + api + ",api://" + api, verify.Refused},
		{"1 slash at the end", uri, header(), claimsV1().str("aud", "api://m2m/"), verify.CheckAudience,
			"differ by a slash", "API_AUDIENCE=api://m2m,api://m2m/", verify.Refused},
		{"1 upper case", uri, header(), claimsV1().str("aud", "api://M2M"), verify.CheckAudience,
			"upper and lower case", "API_AUDIENCE=", verify.Refused},
		{"2 v1.0 issuer in a v2.0 token", same, header(), claimsV2().str("iss", issuerV1), verify.CheckIssuer,
			"form of 1.0", "new token", verify.Refused},
		{"3 Graph token", same, graphHeader, claimsV1().str("aud", graph), verify.CheckSignature,
			"only Graph can verify it", "--scope " + api + "/.default", verify.Unverifiable},
		{"3 Graph token by URL", same, graphHeader, claimsV1().str("aud", "https://graph.microsoft.com/"), verify.CheckAudience,
			"Microsoft Graph", "/.default", verify.Unverifiable},
		{"Azure Resource Manager", same, header(), claimsV1().str("aud", "https://management.azure.com"), verify.CheckAudience,
			"Azure Resource Manager", "--scope", verify.Refused},
		{"client asked for itself", same, header(), claimsV2().str("aud", client), verify.CheckAudience,
			"a token for itself", "--scope", verify.Refused},
		{"another API", same, header(), claimsV2().str("aud", stranger), verify.CheckAudience,
			"another API", "--scope " + api, verify.Refused},
		{"5 no roles, or older than the grant", same, header(), claimsV2().del("roles"), verify.CheckPermission,
			"likely none is granted to it, or an administrator has not consented yet, or the token (issued 2026-06-01 11:30:00 UTC) is older than the grant", "app role Data.Read to client " + client, verify.Refused},
		{"7 role in another case", same, header(), claimsV2().set("roles", `["data.read"]`), verify.CheckPermission,
			"spelling differs", "REQUIRED_ROLES", verify.Refused},
		{"7 another role", same, header(), claimsV2().set("roles", `["Other"]`), verify.CheckPermission,
			"other roles", "Data.Read", verify.Refused},
		{"8 scopes asked of an app", func(p *verify.Policy) { p.Roles, p.Scopes = nil, []string{"Read"} }, header(), claimsV2(),
			verify.CheckPermission, "app-only tokens never carry scp", "--require-role", verify.Refused},
		{"user without the scope", func(p *verify.Policy) { p.Scopes = []string{"Write"} }, header(), userClaims(),
			verify.CheckPermission, "did not ask for the scope", "Write", verify.Refused},
		{"user with the scope in another case", func(p *verify.Policy) { p.Scopes = []string{"OpenID"} }, header(), userClaims(),
			verify.CheckPermission, "spelling differs", "REQUIRED_SCOPES", verify.Refused},
		{"9 key rolled, or the app's own", same, header().str("kid", "other"), claimsV2(), verify.CheckKey,
			"likely the issuer has changed its keys", "?appid=" + api, verify.Refused},
		{"9 key retired since it expired", same, header().str("kid", "other"), claimsV2().date("exp", noon.Add(-20*time.Minute)),
			verify.CheckKey, "likely its key has been retired", "--refresh", verify.Refused},
		{"9 another issuer's key", same, header().str("kid", "other"), foreign(), verify.CheckKey,
			"another issuer", "TENANT_ID=" + stranger, verify.Refused},
		{"10 expired", same, header(), claimsV2().date("exp", noon.Add(-20*time.Minute)), verify.CheckLifetime,
			"it expired 20m ago", "--refresh", verify.Refused},
		{"10 expired just now", same, header(), claimsV2().date("exp", noon.Add(-2*time.Minute)), verify.CheckLifetime,
			"likely it was kept too long, or the clocks differ", "NTP", verify.Refused},
		{"10 not yet", same, header(), claimsV2().date("nbf", noon.Add(3*time.Minute)), verify.CheckLifetime,
			"likely this machine's clock is slow: the token begins in 3m", "--leeway", verify.Refused},
		{"10 issued in the future", same, header(), claimsV2().date("iat", noon.Add(3*time.Minute)), verify.CheckLifetime,
			"begins in 3m", "NTP", verify.Refused},
		{"ten years", same, header(), claimsV2().date("exp", noon.AddDate(10, 0, 0)), verify.CheckLifetime,
			"28 hours", "new token", verify.Refused},
		{"11 another tenant", same, header(), foreign(), verify.CheckIssuer,
			"must list them", "TENANT_ID=" + stranger, verify.Refused},
		{"11 the template", same, header(), claimsV2().str("iss", "https://login.microsoftonline.com/{tenantid}/v2.0"), verify.CheckIssuer,
			"template of a multi-tenant document", "", verify.Refused},
		{"personal account", same, header(), strangerOf("9188040d-6c67-4c5b-b112-36a304b66dad"), verify.CheckIssuer,
			"personal Microsoft account", "", verify.Refused},
		{"wrong cloud", same, header(), usgov, verify.CheckIssuer,
			"another cloud (usgov, not public)", "--cloud public", verify.Refused},
		{"a local tenant's", same, header(), claimsV2().str("iss", "https://127.0.0.1:8443/"+tenant+"/v2.0"), verify.CheckIssuer,
			"likely a local tenant", "--local", verify.Refused},
		{"not Entra's form", same, header(), claimsV2().str("iss", "https://accounts.example.com"), verify.CheckIssuer,
			"likely another issuer", "--issuer", verify.Refused},
		{"not Entra's host", same, header(), claimsV2().str("iss", "https://id.example/"+tenant+"/v2.0"), verify.CheckIssuer,
			"not a login host", "--issuer", verify.Refused},
		{"no ver", same, header(), claimsV2().del("ver"), verify.CheckIssuer, "likely another issuer", "--jwks", verify.Refused},
		{"15 object ID of the service principal", func(p *verify.Policy) { p.Clients = []string{object} }, header(), claimsV2(),
			verify.CheckClient, "object ID of the app's service principal", "--client " + client, verify.Refused},
		{"15 object ID of the registration", func(p *verify.Policy) { p.Clients = []string{stranger} }, header(), claimsV2(),
			verify.CheckClient, "likely if the app is the right one", "az ad sp show --id " + client, verify.Refused},
		{"ID token", same, header(), idClaims(), verify.CheckKind, "ID token", "send the access token", verify.Refused},
		{"user's token", same, header(), userClaims(), verify.CheckKind, `acts for a user (scp "Data.Read.User openid")`, "--allow-user", verify.Refused},
		{"unsigned", same, header().str("alg", "nOnE"), claimsV2(), verify.CheckAlgorithm, "not signed at all", "new token", verify.Refused},
		{"shared secret", same, header().str("alg", "HS256"), claimsV2(), verify.CheckAlgorithm, "shared secret", "new token", verify.Refused},
		{"nonce of another service", same, header().str("nonce", "n"), claimsV2().str("x", "y"), verify.CheckSignature, "", "", verify.Believed},
		{"no tenant set", func(p *verify.Policy) { p.Tenants = nil }, header(), claimsV2(), verify.CheckTenant,
			"nobody said which tenant", "TENANT_ID=" + tenant, verify.Undecided},
		{"no audience set", func(p *verify.Policy) { p.Audiences = nil }, header(), claimsV2(), verify.CheckAudience,
			"nobody said which API", "API_AUDIENCE=" + api, verify.Undecided},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := policy()
			tt.policy(&p)
			report := verify.Explain(verifier(t, p, keys(t)).Judge(t.Context(), mint(tt.header, tt.claims)))
			f := report.Finding(tt.check)
			if report.Verdict != tt.verdict || !strings.Contains(f.Cause, tt.cause) || !strings.Contains(f.Fix, tt.fix) {
				t.Errorf("want %s, cause …%s…, fix …%s…\ngot %s, %+v", tt.verdict, tt.cause, tt.fix, report.Verdict, f)
			}
		})
	}
}

func strangerOf(tid string) members {
	return claimsV2().str("tid", tid).str("iss", strings.Replace(issuerV2, tenant, tid, 1))
}

// TestEveryCheckSpeaks: whatever did not pass has a cause; what passed or
// failed says what was expected and what was found; all checks are there.
func TestEveryCheckSpeaks(t *testing.T) {
	order := "form algorithm key signature issuer tenant audience lifetime kind client permission"
	for name, v := range map[string]*verify.Verifier{
		"configured": verifier(t, policy(), keys(t)), "zero": verifier(t, verify.Policy{}, nil),
	} {
		for _, tt := range append(append(formTrials(), headerTrials()...), append(claimTrials(), kindTrials()...)...) {
			report := verify.Explain(v.Judge(t.Context(), tt.token))
			var names []string
			for _, f := range report.Findings {
				names = append(names, string(f.Check))
				if f.Status != verify.Pass && f.Cause == "" {
					t.Errorf("%s, %s: no cause: %+v", name, tt.name, f)
				}
				if f.Status == verify.Fail && (f.Expected == "" || f.Found == "" && f.Check != verify.CheckForm) {
					t.Errorf("%s, %s: expected or found is missing: %+v", name, tt.name, f)
				}
				if f.Status != verify.Pass && f.Reason == nil || f.Status == verify.Pass && f.Reason != nil {
					t.Errorf("%s, %s: status without its reason: %+v", name, tt.name, f)
				}
			}
			if got := strings.Join(names, " "); got != order {
				t.Fatalf("want %s, got %s", order, got)
			}
		}
	}
}

// TestOutOfReach: with the keys out of reach the report says unknown, never
// that the signature passed or failed.
func TestOutOfReach(t *testing.T) {
	s := newIssuer()
	s.set(discoveryV2, answer{err: errDown})
	report := verify.Explain(verifier(t, policy(), metadata(t, s, verify.MetadataOptions{})).Judge(t.Context(), good()))
	if report.Verdict != verify.Undecided {
		t.Errorf("want unknown, got %s", report.Verdict)
	}
	want := "the keys could not be read: login.microsoftonline.com: connection refused"
	if got := report.Finding(verify.CheckKey).Cause; got != want {
		t.Errorf("want %s, got %s", want, got)
	}
	for _, c := range []verify.Check{verify.CheckKey, verify.CheckSignature, verify.CheckIssuer} {
		if f := report.Finding(c); f.Status != verify.Unknown || f.Cause == "" {
			t.Errorf("want %s unknown with a cause, got %+v", c, f)
		}
	}
	if f := report.Finding(verify.CheckIssuer); f.Reason != verify.ErrKeysUnreachable {
		t.Errorf("want the issuer unknown for want of the document, got %+v", f)
	}
	for _, c := range []verify.Check{verify.CheckTenant, verify.CheckAudience, verify.CheckLifetime, verify.CheckKind, verify.CheckPermission} {
		if f := report.Finding(c); f.Status != verify.Pass {
			t.Errorf("want %s decided all the same, got %+v", c, f)
		}
	}
}

// TestReportNeverLeaks: no word of a report or an error holds the token or its
// signature.
func TestReportNeverLeaks(t *testing.T) {
	v := verifier(t, policy(), keys(t))
	for _, tt := range append(formTrials(), headerTrials()...) {
		parts := strings.Split(tt.token, ".")
		signature := parts[len(parts)-1]
		if len(signature) < 20 {
			continue
		}
		_, err := v.Verify(context.Background(), tt.token)
		words := errString(err)
		for _, f := range verify.Explain(v.Judge(t.Context(), tt.token)).Findings {
			words += f.Expected + f.Found + f.Cause + f.Fix
		}
		if strings.Contains(words, signature[:20]) {
			t.Errorf("%s: the words hold the signature: %s", tt.name, words)
		}
	}
}

// TestReportIsPlainText: a hostile token cannot move the cursor of whoever reads
// its report, nor write two settings where one was meant.
func TestReportIsPlainText(t *testing.T) {
	const evil = "x\u009b2J\u202ey,z"
	p := policy()
	p.Clients, p.Audiences = []string{client}, nil
	h, c := header().str("kid", evil).str("typ", evil), claimsV2()
	for _, name := range []string{"aud", "iss", "tid", "azp", "sub", "ver"} {
		c = c.str(name, evil)
	}
	c = c.set("roles", `["`+evil+`"]`)
	for _, token := range []string{
		mint(h, c), mint(header(), c), mint(header(), claimsV2().str("aud", evil)),
		mint(header(), claimsV2().set("roles", `["`+evil+`"]`)), mint(header(), userClaims().str("scp", evil)),
		mint(header().str("kid", evil), claimsV2()), mint(header().str(evil, "x"), claimsV2().add(evil, `1`).add(evil, `1`)),
	} {
		report := verify.Explain(verifier(t, p, keys(t)).Judge(t.Context(), token))
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

func errString(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestAuthorityOf(t *testing.T) {
	tests := []struct {
		name   string
		claims members
		want   string
	}{
		{"v2.0", claimsV2(), "https://login.microsoftonline.com/" + tenant},
		{"v1.0", claimsV1(), "https://login.microsoftonline.com/" + tenant},
		{"US government", claimsV2().str("iss", "https://login.microsoftonline.us/"+tenant+"/v2.0"), "https://login.microsoftonline.us/" + tenant},
		{"China v1.0", claimsV1().str("iss", "https://sts.chinacloudapi.cn/"+tenant+"/"), "https://login.partner.microsoftonline.cn/" + tenant},
		{"somebody else", claimsV2().str("iss", "https://evil.example/"+tenant+"/v2.0"), ""},
		{"a host that only begins so", claimsV2().str("iss", "https://login.microsoftonline.com.evil.example/"+tenant+"/v2.0"), ""},
		{"no tenant", claimsV2().str("iss", "https://login.microsoftonline.com/common/v2.0"), ""},
		{"more path", claimsV2().str("iss", issuerV2+"/x"), ""},
		{"plain http", claimsV2().str("iss", "http"+issuerV2[5:]), ""},
		{"no ver", claimsV2().del("ver"), ""},
		{"the template", claimsV2().str("iss", "https://login.microsoftonline.com/{tenantid}/v2.0"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token, err := verify.Decode(mint(header(), tt.claims))
			if err != nil {
				t.Fatal(err)
			}
			a, ok := verify.AuthorityOf(token)
			if ok != (tt.want != "") || ok && a.URL() != tt.want {
				t.Errorf("want %q, got %q, %v", tt.want, a.URL(), ok)
			}
		})
	}
	if _, ok := verify.AuthorityOf(nil); ok {
		t.Error("want nothing of nothing")
	}
}

// TestErrors: each error matches its outcome and its reason, and
// nothing else.
func TestErrors(t *testing.T) {
	_, err := verifier(t, policy(), keys(t)).Verify(t.Context(), mint(header(), claimsV2().str("aud", stranger)))
	for _, target := range []error{verify.ErrRefused, verify.ErrAudienceMismatch} {
		if !errors.Is(err, target) {
			t.Errorf("want %v in %v", target, err)
		}
	}
	for _, target := range []error{verify.ErrForbidden, verify.ErrUndecided, verify.ErrAudienceMissing} {
		if errors.Is(err, target) {
			t.Errorf("want no %v in %v", target, err)
		}
	}
	want := `audience: the audience is not this API: expected ` + api + ` or api://m2m, found "` + stranger + `"`
	if err.Error() != want {
		t.Errorf("want %s\ngot %s", want, err)
	}
	if _, err := verify.NewMetadata(entra.Authority{Origin: "http://x", Tenant: tenant}, verify.MetadataOptions{}); !errors.Is(err, entra.ErrAuthorityHost) {
		t.Errorf("want plain http refused, got %v", err)
	}
	slashed := entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: tenant + "/../" + stranger}
	if _, err := verify.NewMetadata(slashed, verify.MetadataOptions{HTTP: http.DefaultClient}); !errors.Is(err, entra.ErrTenantForm) {
		t.Errorf("want a path in place of a tenant refused, got %v", err)
	}
	if _, err := verify.NewMetadata(authority(), verify.MetadataOptions{}); !errors.Is(err, verify.ErrNoHTTPClient) {
		t.Errorf("want a client asked for, got %v", err)
	}
}
