package explain_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"m2m/internal/call/calltest"
	"m2m/internal/entra"
	"m2m/internal/explain"
)

// answered is what an API says.
type answered struct {
	status int
	header map[string]string
	body   string
}

func (a answered) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status)
	fmt.Fprint(w, a.body)
}

func challenged(status int, challenge string) answered {
	return answered{status, map[string]string{"WWW-Authenticate": challenge}, ""}
}

// explainAnswer sends a token to a real server that answers so, and explains that.
func explainAnswer(t *testing.T, says answered, c explain.Context) *explain.Explanation {
	t.Helper()
	s := calltest.Serve(t, says.ServeHTTP)
	req := calltest.Request(t, s.URL+"/secure-data")
	req.Token = c.Token
	x := explain.Explain(calltest.Do(t, calltest.Client(t), req), c)
	if x != nil {
		checkForm(t, x)
	}
	return x
}

// Commands that send the same request again.
const (
	showIt     = "m2m call -v URL"
	againLater = "m2m call --retry 3 URL"
)

// ourAddress is that of the test's server.
var ourAddress = regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+\S*`)

// checkForm holds every explanation to what its documentation promises.
func checkForm(t *testing.T, x *explain.Explanation) {
	t.Helper()
	if x.Cause == "" || x.Code == "" || len(x.Facts) == 0 {
		t.Errorf("the explanation is not complete: %+v", x)
	}
	if x.Certain == strings.Contains(x.Cause, "likely") {
		t.Errorf("certain is %v of %q", x.Certain, x.Cause)
	}
	for _, line := range append([]string{x.Cause}, x.Fixes...) {
		if strings.HasSuffix(line, ".") {
			t.Errorf("a line that ends in a full stop: %q", line)
		}
	}
	checkShown(t, x)
}

// checkShown holds even for what is explained to an API that means harm.
func checkShown(t *testing.T, x *explain.Explanation) {
	t.Helper()
	for _, line := range append([]string{x.Cause, x.Command}, x.Fixes...) {
		if len(line) > 8000 || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("a line unfit to be shown: %q", line)
		}
	}
}

func (w wanted) check(t *testing.T, x *explain.Explanation) {
	t.Helper()
	if x == nil {
		t.Fatal("there is no explanation")
	}
	if x.Code != w.code || x.Certain != w.certain {
		t.Errorf("code %s, certain %v, want %s, %v\n%s", x.Code, x.Certain, w.code, w.certain, x.Cause)
	}
	if !strings.Contains(x.Cause, w.cause) {
		t.Errorf("cause %q, want %q in it", x.Cause, w.cause)
	}
	if fixes := strings.Join(x.Fixes, "\n"); !strings.Contains(fixes, w.fix) {
		t.Errorf("fixes %q, want %q in them", fixes, w.fix)
	}
	if command := ourAddress.ReplaceAllString(x.Command, "URL"); command != w.command {
		t.Errorf("command %q, want %q", command, w.command)
	}
}

type wanted struct {
	code    explain.Code
	certain bool
	cause   string
	fix     string
	command string
}

const (
	verifyIt  = "m2m token | m2m verify"
	refreshIt = "m2m token --refresh | m2m verify"
	invalid   = `Bearer realm="m2m", error="invalid_token", error_description="the access token is expired, malformed, or not meant for this API"`
	forbidden = `Bearer realm="m2m", error="insufficient_scope", error_description="the token is valid, but it lacks a role or scope that this API requires"`
)

func TestExplainByTheToken(t *testing.T) {
	minutes := func(n int) int64 { return calltest.Now.Add(time.Duration(n) * time.Minute).Unix() }
	graph := map[string]any{"aud": "https://graph.microsoft.com",
		"iss": "https://sts.windows.net/" + calltest.TenantID + "/", "ver": "1.0", "appid": calltest.ClientID, "azp": nil}
	for _, tt := range []struct {
		name  string
		says  answered
		token entra.Secret
		want  wanted
	}{
		{"expired", challenged(401, invalid), calltest.AppToken(t, map[string]any{"exp": minutes(-12)}), wanted{
			explain.CodeExpired, true, "expired 12m ago, at 2026-11-23 11:48:00 UTC", "get a new one", refreshIt,
		}},
		{"not yet valid", challenged(401, invalid), calltest.AppToken(t, map[string]any{"nbf": minutes(3)}), wanted{
			explain.CodeNotYetValid, false, "not valid for another 3m", "NTP", verifyIt,
		}},
		{"Graph's", challenged(401, invalid),
			calltest.Token(t, map[string]any{"typ": "JWT", "alg": "RS256", "kid": "k", "nonce": "n"}, graph), wanted{
				explain.CodeGraphToken, true, "for Microsoft Graph, and was sent to another API; nobody but Graph", "API_SCOPE",
				verifyIt,
			}},
		{"Graph's by its ID", challenged(401, invalid),
			calltest.AppToken(t, map[string]any{"aud": "00000003-0000-0000-c000-000000000000"}), wanted{
				explain.CodeGraphToken, true, "for Microsoft Graph", "API_SCOPE", verifyIt,
			}},
		{"ID token", challenged(401, invalid),
			calltest.AppToken(t,
				map[string]any{"azp": nil, "azpacr": nil, "nonce": "n", "aud": calltest.ClientID, "name": "A",
					"preferred_username": "a@b"}), wanted{
				explain.CodeIDToken, true, "an ID token was sent", "an access token", "m2m token | m2m verify",
			}},
		{"good by itself", challenged(401, invalid), calltest.AppToken(t, nil), wanted{
			explain.CodeInvalidToken, false, "does not say why", "--explain-rejections", verifyIt,
		}},
		{"no token at all", challenged(401, `Bearer realm="m2m"`), entra.Secret{}, wanted{
			explain.CodeNoToken, true, "no bearer token was sent", "--no-token", "m2m call URL",
		}},
		{"no token and 403", answered{403, nil, ""}, entra.Secret{},
			wanted{explain.CodeNoToken, false, "no bearer token was sent", "--no-token", "m2m call URL"}},
		{"not a token", challenged(401, invalid), entra.NewSecret("abc"), wanted{
			explain.CodeNotAToken, true, "three parts between two dots", "where it comes from",
			"m2m token | m2m verify --decode",
		}},
		{"no roles", challenged(403, forbidden), calltest.AppToken(t, map[string]any{"roles": nil}), wanted{
			explain.CodeNoRoles, false, "carries no roles", "application permission", refreshIt,
		}},
		{"roles, but not the one", challenged(403, forbidden), calltest.AppToken(t, nil), wanted{
			explain.CodeForbidden, false, "carries the roles Data.Read", "spelling and case", verifyIt,
		}},
		{"roles, but not the one, and the API says which", answered{403, map[string]string{
			"WWW-Authenticate": forbidden, "Content-Type": "application/problem+json",
		}, `{"status":403,"detail":"the token is valid, but it lacks permission: this API requires roles Data.Write","error":"insufficient_scope"}`}, calltest.AppToken(t, nil), wanted{
			explain.CodeForbidden, true, "this API requires roles Data.Write; the token carries the roles Data.Read",
			"grant the role", verifyIt,
		}},
		{"a user's", challenged(403, forbidden),
			calltest.AppToken(t, map[string]any{"roles": nil, "scp": "a b", "sub": "another"}), wanted{
				explain.CodeUserToken, false, "is a user's", "an app's own token", "m2m token | m2m verify",
			}},
		{"scope wanted of an app", challenged(403, `Bearer error="insufficient_scope", scope="Data.All"`),
			calltest.AppToken(t, nil), wanted{
				explain.CodeMissingScope, false, `"Data.All", which an app's own token never carries`, "REQUIRED_ROLES", verifyIt,
			}},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.want.check(t, explainAnswer(t, tt.says, explain.Context{Token: tt.token})) })
	}
}

func TestExplainBySettings(t *testing.T) {
	for _, tt := range []struct {
		name    string
		says    answered
		context explain.Context
		want    wanted
	}{
		{"another audience", challenged(401, invalid), explain.Context{Audiences: []string{"api://other", calltest.ClientID}},
			wanted{
				explain.CodeWrongAudience, false,
				"for " + calltest.APIID + ", and the API likely accepts only api://other, " + calltest.ClientID, "API_SCOPE",
				verifyIt,
			}},
		{"a GUID that may be the URI's", challenged(401, invalid), explain.Context{Audiences: []string{"api://name"}}, wanted{
			explain.CodeInvalidToken, false, "does not say why", "", verifyIt,
		}},
		{"the right audience in capitals", challenged(401, invalid),
			explain.Context{Audiences: []string{strings.ToUpper(calltest.APIID)}}, wanted{
				explain.CodeInvalidToken, false, "does not say why", "", verifyIt,
			}},
		{"another role", challenged(403, forbidden), explain.Context{RequiredRoles: []string{"Data.Write"}}, wanted{
			explain.CodeMissingRole, false, "wants the role Data.Write, and the token carries Data.Read", "assign one",
			refreshIt,
		}},
		{"another case", challenged(403, forbidden), explain.Context{RequiredRoles: []string{"data.read"}}, wanted{
			explain.CodeMissingRole, false, "wants the role data.read", `letter by letter: write "Data.Read"`, refreshIt,
		}},
		{"flags of the caller", challenged(401, invalid), explain.Context{Flags: "--local"}, wanted{
			explain.CodeInvalidToken, false, "", "", "m2m token --local | m2m verify --local",
		}},
		{"token of a file", challenged(401, invalid), explain.Context{TokenFile: "my token", Flags: "--local"}, wanted{
			explain.CodeInvalidToken, false, "", "", "m2m verify --local '@my token'",
		}},
		{"judged at another moment", challenged(401, invalid), explain.Context{Now: calltest.Now.Add(2 * time.Hour)}, wanted{
			explain.CodeExpired, true, "expired 1h ago", "", refreshIt,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.context.Token = calltest.AppToken(t, nil)
			tt.want.check(t, explainAnswer(t, tt.says, tt.context))
		})
	}
}

func TestExplainByTheClock(t *testing.T) {
	at := func(d time.Duration) answered {
		return answered{401,
			map[string]string{"WWW-Authenticate": invalid, "Date": calltest.Now.Add(d).Format(http.TimeFormat)}, ""}
	}
	for _, tt := range []struct {
		name string
		says answered
		want wanted
		fact string
	}{
		{"ahead", at(2 * time.Hour),
			wanted{explain.CodeExpired, false, "by the API's clock, which is 2h ahead of this machine's", "NTP", refreshIt},
			"the API's clock is 2h ahead of this machine's"},
		{"behind", at(-time.Hour),
			wanted{explain.CodeNotYetValid, false, "by the API's clock, which is 1h behind this machine's", "NTP", verifyIt},
			"the API's clock is 1h behind this machine's"},
		{"a little", at(20 * time.Second), wanted{explain.CodeInvalidToken, false, "", "", verifyIt}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := explainAnswer(t, tt.says, explain.Context{Token: calltest.AppToken(t, nil)})
			tt.want.check(t, x)
			var found string
			for _, f := range x.Facts {
				if f.Source == explain.FromClock {
					found = f.Text
				}
			}
			if found != tt.fact {
				t.Errorf("the clock's fact is %q, want %q", found, tt.fact)
			}
		})
	}
}

func TestExplainByTheChallenge(t *testing.T) {
	const claims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	challenge := base64.StdEncoding.EncodeToString([]byte(claims))
	hostile := base64.StdEncoding.EncodeToString([]byte(`{"a":"'; rm -rf / #"}`))
	const aspnet = `Bearer error="invalid_token", error_description="`
	for _, tt := range []struct {
		name string
		says answered
		want wanted
	}{
		{"claims", challenged(401, `Bearer error="insufficient_claims", claims="`+challenge+`"`), wanted{
			explain.CodeClaimsChallenge, true, claims, "pass the claims on", "m2m call --claims '" + claims + "' URL",
		}},
		{"claims that would end the quotes", challenged(401, `Bearer error="insufficient_claims", claims="`+hostile+`"`),
			wanted{
				explain.CodeClaimsChallenge, true, "rm -rf", "", `m2m call --claims '{"a":"'\''; rm -rf / #"}' URL`,
			}},
		{"claims that are none", challenged(401, `Bearer error="insufficient_claims", claims="%"`), wanted{
			explain.CodeClaimsChallenge, true, "cannot be read", "report it", "",
		}},
		{"another scheme", challenged(401, `Basic realm="x"`),
			wanted{explain.CodeOtherScheme, true, "Basic credentials", "gateway", showIt}},
		{"Key Vault's resource",
			challenged(401,
				`Bearer authorization="https://login.microsoftonline.com/`+calltest.TenantID+
					`", resource="https://vault.azure.net"`), wanted{
				explain.CodeWrongAudience, true, "it is https://vault.azure.net, and the token is for " + calltest.APIID,
				"API_SCOPE=https://vault.azure.net/.default", "m2m token --scope https://vault.azure.net/.default",
			}},
		{"a resource for a shell", challenged(401, `Bearer resource="$(x)"`), wanted{
			explain.CodeWrongAudience, true, "it is $(x), and", "API_SCOPE='$(x)/.default'", "m2m token --scope '$(x)/.default'",
		}},
		{"another tenant",
			challenged(401, `Bearer authorization_uri="https://login.windows.net/`+calltest.ClientID+`", error="invalid_token"`),
			wanted{
				explain.CodeWrongTenant, true, "the tenant " + calltest.ClientID + ", and the token is of " + calltest.TenantID,
				"TENANT_ID=" + calltest.ClientID, verifyIt,
			}},
		{"ASP.NET: audience", challenged(401, aspnet+`The audience '`+calltest.APIID+`' is invalid"`),
			wanted{explain.CodeWrongAudience, false, "another form of its name", "requestedAccessTokenVersion", verifyIt}},
		{"ASP.NET: issuer", challenged(401, aspnet+`The issuer 'https://sts.windows.net/x/' is invalid"`),
			wanted{explain.CodeVersion, false, "issuer is wrong", "sts.windows.net", verifyIt}},
		{"ASP.NET: key", challenged(401, aspnet+`The signature key was not found"`),
			wanted{explain.CodeWrongKey, false, "another tenant or cloud", "new key ID", verifyIt}},
		{"ASP.NET: expired", challenged(401, aspnet+`The token expired at '11/23/2026 11:00:00'"`),
			wanted{explain.CodeExpired, false, "clock it has not", "NTP", refreshIt}},
		{"IdentityModel's code in the body", answered{401, nil, "IDX10214: Audience validation failed."},
			wanted{explain.CodeWrongAudience, false, "audience", "", verifyIt}},
		{"IDW10201", answered{401, nil, "IDW10201: Neither scope or roles claim was found in the bearer token."},
			wanted{explain.CodeNoRoles, false, "a role or a scope", "RoleClaimType", verifyIt}},
		{"request not readable", challenged(400, `Bearer error="invalid_request", error_description="two tokens"`),
			wanted{explain.CodeInvalidRequest, true, "two tokens", "one token", showIt}},
		{"no challenge", answered{401, nil, ""},
			wanted{explain.CodeGateway, false, "no WWW-Authenticate", "passes Authorization on", verifyIt}},
		{"no challenge and HTML",
			answered{401, map[string]string{"Content-Type": "text/html"}, "<html><title>Sign in</title>"},
			wanted{explain.CodeGateway, false, "HTML page without", "gateway", verifyIt}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.check(t, explainAnswer(t, tt.says, explain.Context{Token: calltest.AppToken(t, nil)}))
		})
	}
}
