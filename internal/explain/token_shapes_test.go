package explain_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/explain"
	"m2m/internal/input"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/jwt"
	"m2m/internal/verify"
)

// A shape is a text as people have it, and what the report must say of it.
type shape struct {
	name    string
	text    string
	setup   string // "entra" (empty), "none", or the issuer that is named
	verdict verify.Verdict
	// check and reason are the one check that does not pass, unless more is set.
	check  verify.Check
	reason string
	more   bool
	says   []string // all of them in the cause and fix of that check
	never  []string // none of them anywhere
}

// The words of a token are read by Clean first, as every command does.
func (s shape) report(t testing.TB, situation explain.Situation) (*verify.Report, string) {
	t.Helper()
	token := s.text
	if cleaned, _, err := input.Clean(s.text); err == nil {
		token = cleaned
	}
	var v *verify.Verifier
	switch s.setup {
	case "", "entra":
		v = verifier(t, policy(), issuertest.Keys(t))
	case "none":
		v = verifier(t, verify.Policy{BoundUndecided: true}, nil)
	default:
		keys, err := jwks.NewSet([]byte(issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID).
			Del("issuer", "cloud_instance_name", "x5t"))), jwks.SetOptions{Issuer: s.setup})
		if err != nil {
			t.Fatal(err)
		}
		v = verifier(t, verify.Policy{PlainIssuer: s.setup, Audiences: []string{"api://orders"}}, keys)
	}
	report := v.Report(t.Context(), token)
	return explain.Report(report, explain.Judged{Situation: situation, Text: entra.NewSecret(s.text)}), token
}

// notPassed are the checks that failed or are unknown.
func notPassed(r *verify.Report) (names []string) {
	for _, f := range r.Findings {
		if f.Status == verify.Fail || f.Status == verify.Unknown {
			names = append(names, string(f.Check))
		}
	}
	return names
}

func TestTokenShapes(t *testing.T) {
	shapes := slices.Concat(wrongTypes(), cutTokens(), otherIssuers(), configuredIssuers(), entraShapes(), notTokens())
	if len(shapes) < 120 {
		t.Errorf("want at least 120 shapes, got %d", len(shapes))
	}
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			report, token := s.report(t, explain.CommandLine)
			f := report.Finding(s.check)
			if report.Verdict != s.verdict || string(f.Reason) != s.reason {
				t.Errorf("want %s, %s %s; got %s, %+v", s.verdict, s.check, s.reason, report.Verdict, f)
			}
			if names := notPassed(report); !s.more && s.check != "" && !slices.Equal(names, []string{string(s.check)}) {
				t.Errorf("want %s alone, got %v", s.check, names)
			}
			for _, words := range s.says {
				if !strings.Contains(f.Expected+" | "+f.Found+" | "+f.Cause+" | "+f.Fix, words) {
					t.Errorf("want …%s…\ngot found %s\ncause %s\nfix %s", words, f.Found, f.Cause, f.Fix)
				}
			}
			for _, words := range append(s.never, "changed or forged", "changed after it was issued", "m2m m2m") {
				for _, f := range report.Findings {
					if said := f.Found + " | " + f.Cause + " | " + f.Fix; strings.Contains(said, words) {
						t.Errorf("%s: …%s… is said: %s", f.Check, words, said)
					}
				}
			}
			assertSound(t, report, token)
			answered, _ := s.report(t, explain.HTTPAnswer)
			assertNoCommands(t, answered)
		})
	}
}

// assertSound holds a report to what must be true of every token.
func assertSound(t testing.TB, r *verify.Report, token string) {
	t.Helper()
	claims := map[string]json.RawMessage{}
	if parts := strings.Split(token, "."); len(parts) > 1 {
		_ = json.Unmarshal([]byte(decodeBase64(parts[1])), &claims) // nothing can be said of what is not JSON
	}
	for _, f := range r.Findings {
		if missing, ok := strings.CutPrefix(f.Found, "no "); ok && f.Status != verify.Pass && f.Reason != verify.ErrNotReached {
			if _, isThere := claims[missing]; isThere {
				t.Errorf("%s: found %q, and it is there", f.Check, f.Found)
			}
		}
		if f.Status == verify.Fail && f.Cause == "" {
			t.Errorf("%s: no cause", f.Check)
		}
		if len(f.Cause) > 600 || len(f.Fix) > 1500 {
			t.Errorf("%s: the words are long: %s; %s", f.Check, f.Cause, f.Fix)
		}
		if len(token) > 300 && strings.Contains(f.Found+f.Cause+f.Fix, token[len(token)-40:]) {
			t.Errorf("%s: the words hold the token's end: %+v", f.Check, f)
		}
	}
}

// assertNoCommands: the answer of an API names no flag, command or variable of m2m.
func assertNoCommands(t testing.TB, r *verify.Report) {
	t.Helper()
	for _, f := range r.Findings {
		for _, words := range []string{" --", "m2m ", "API_", "TENANT_ID=", "REQUIRED_"} {
			if strings.Contains(strings.ReplaceAll(" "+f.Cause+" "+f.Fix, " --subject-claim", ""), words) {
				t.Errorf("%s: %q in an answer: %s; %s", f.Check, words, f.Cause, f.Fix)
			}
		}
	}
}

func decodeBase64(segment string) string {
	token, _ := jwt.Decode("eyJhbGciOiJub25lIn0." + segment + ".AA")
	if token == nil {
		return ""
	}
	var b strings.Builder
	for m := range token.Claims.All() {
		name, _ := json.Marshal(m.Name)
		b.WriteString("," + string(name) + ":" + m.Raw)
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

func wrongTypes() []shape {
	row := func(name, claim, raw, reason string, says ...string) shape {
		return shape{name: "type: " + name, text: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Set(claim, raw)),
			verdict: verify.Invalid, check: verify.CheckForm, reason: reason, says: append(says, `"`+claim+`" is `)}
	}
	noIssuer := []string{"no iss", "no tid", "no ver", "no aud"}
	rows := []shape{
		row("roles a string", "roles", `"Data.Read"`, "member_type", "a string", "the issuer wrote it so"),
		row("roles null", "roles", `null`, "member_type", "null"),
		row("roles an object", "roles", `{"a":1}`, "member_type", "an object"),
		row("roles with a number", "roles", `["a",1]`, "member_type", "an array"),
		row("exp as text", "exp", `"1780315200"`, "member_type", "which is text", "whole seconds"),
		row("exp in milliseconds", "exp", `1780315200000`, "date", "which is in milliseconds (2026-06-01 12:00:00 UTC)"),
		row("exp in microseconds", "exp", `1780315200000000`, "date", "which is in microseconds"),
		row("exp in nanoseconds", "exp", `1780315200000000000`, "date", "which is in nanoseconds"),
		row("exp with a fraction", "exp", `1780315200.5`, "date", "which has a fraction"),
		row("exp with .0", "exp", `1780315200.0`, "date", "which has a fraction"),
		row("exp as ISO text", "exp", `"2026-06-01T12:00:00Z"`, "member_type", "which is a date as text"),
		row("exp zero", "exp", `0`, "date", "a number: 0"),
		row("exp negative", "exp", `-5`, "date", "a number: -5"),
		row("exp true", "exp", `true`, "member_type", "a boolean"),
		row("exp a list", "exp", `[1]`, "member_type", "an array"),
		row("iat in milliseconds", "iat", `1780315200000`, "date", "milliseconds"),
		row("nbf as text", "nbf", `"1780315200"`, "member_type", "which is text"),
		row("ver a number", "ver", `2.0`, "member_type", "a number: 2.0"),
		row("tid a number", "tid", `7`, "member_type", "a number: 7"),
		row("azp null", "azp", `null`, "member_type", "null"),
		row("oid a list", "oid", `["x"]`, "member_type", "an array"),
		row("sub a number", "sub", `12345`, "member_type", "a number: 12345"),
		row("aud a number", "aud", `7`, "member_type", "a string, or an array of strings"),
		row("aud null", "aud", `null`, "member_type", "null"),
		row("aud a list with null", "aud", `["a",null]`, "member_type", "an array"),
		row("scp a list", "scp", `["read"]`, "member_type", "an array"),
		row("idtyp a boolean", "idtyp", `true`, "member_type", "a boolean"),
		row("iss an object", "iss", `{}`, "member_type", "an object"),
		{name: "type: kid a number", text: issuertest.Mint(issuertest.Header().Set("kid", "1"), issuertest.ClaimsV2()),
			verdict: verify.Invalid, check: verify.CheckForm, reason: "member_type", says: []string{`"kid" in the header is a number`}},
		{name: "type: alg null", text: issuertest.Mint(issuertest.Header().Set("alg", "null"), issuertest.ClaimsV2()),
			verdict: verify.Invalid, check: verify.CheckForm, reason: "member_type", says: []string{`"alg" in the header is null`}},
		{name: "type: three at once", text: issuertest.Mint(issuertest.Header(),
			issuertest.ClaimsV2().Set("exp", `"1"`).Set("roles", `"x"`).Set("tid", `1`)),
			verdict: verify.Invalid, check: verify.CheckForm, reason: "member_type", says: []string{`"exp" is`, `"roles" is`, `"tid" is`}},
	}
	for i := range rows {
		rows[i].never = noIssuer
	}
	whole := func(name, claims, reason string, says ...string) shape {
		return shape{name: "json: " + name, text: issuertest.Sign(issuertest.Pairs()[0], issuertest.Header().JSON(), claims),
			verdict: verify.Invalid, check: verify.CheckForm, reason: reason, says: says, never: append(noIssuer, "no exp")}
	}
	c := issuertest.ClaimsV2().JSON()
	return append(rows,
		whole("exp twice", issuertest.ClaimsV2().Add("exp", "1").JSON(), "name_duplicate", `"exp"`),
		whole("Exp next to exp", issuertest.ClaimsV2().Add("Exp", "1").JSON(), "name_duplicate", `"Exp"`),
		whole("Iss alone", issuertest.ClaimsV2().Del("iss").Str("Iss", "x").JSON(), "name_case", `"Iss"`),
		whole("cut in the middle", c[:200], "json", "an end after 200 bytes"),
		whole("a comma too many", c[:len(c)-1]+",}", "json", "a fault at byte"),
		whole("a list", "[1]", "not_object"),
		whole("text behind it", c+"x", "trailing_data"),
		whole("nine levels", issuertest.ClaimsV2().Set("x", "[[[[[[[[[1]]]]]]]]]").JSON(), "depth"),
	)
}

func cutTokens() []shape {
	token := issuertest.Valid()
	parts := strings.Split(token, ".")
	row := func(name, text string, says ...string) shape {
		return shape{name: "cut: " + name, text: text, verdict: verify.Invalid, check: verify.CheckForm, reason: "truncated",
			says: append(says, "cut"), never: []string{"no iss", "no exp", "no aud"}}
	}
	return []shape{
		row("at 100 bytes, in the claims", token[:100], "100 bytes", "in its claims"),
		row("at 300 bytes", token[:300], "300 bytes"),
		row("behind the claims", parts[0]+"."+parts[1], "the signature is missing"),
		row("behind the second dot's signature start", token[:len(parts[0])+len(parts[1])+2+100], "a signature of 100 characters"),
		row("six characters short", token[:len(token)-6], "at least 6 are missing"),
		{name: "cut: header alone", text: parts[0], verdict: verify.Invalid, check: verify.CheckForm, reason: "truncated",
			says: []string{"the header of a token alone"}},
		{name: "cut: no signature", text: parts[0] + "." + parts[1] + ".", verdict: verify.Invalid, check: verify.CheckForm,
			reason: "segment_empty", says: []string{"no signature"}},
		{name: "cut: an ellipsis", text: token[:len(token)-200] + "…", verdict: verify.Invalid, check: verify.CheckForm, more: true,
			reason: "charset", says: []string{"ellipsis"}},
		{name: "cut: three dots", text: token[:200] + "...", verdict: verify.Invalid, check: verify.CheckForm, more: true,
			reason: "truncated", says: []string{"three dots"}},
		{name: "four parts", text: token + ".x", verdict: verify.Invalid, check: verify.CheckForm, reason: "segments", more: true},
		{name: "JWE", text: parts[0] + ".a.b.c.d", verdict: verify.Invalid, check: verify.CheckForm, reason: "encrypted",
			says: []string{"JWE", "only the API"}},
	}
}

// claimsOf are the claims of another issuer's token, in the middle of its life.
func claimsOf(iss, aud string) issuertest.Members {
	return issuertest.Members{}.Str("iss", iss).Str("aud", aud).Date("iat", issuertest.Noon.Add(-time.Minute)).
		Date("exp", issuertest.Noon.Add(4*time.Minute))
}

const exchangeURI = "api://AzureADTokenExchange"

func otherIssuers() []shape {
	var rows []shape
	// Without settings the token is not known to be valid; with those of an Entra
	// tenant it is invalid. Either way one check says what it is.
	add := func(name string, c issuertest.Members, exchange bool, says ...string) {
		text := issuertest.Mint(issuertest.Header(), c)
		never := []string{"set TENANT_ID", "TENANT_ID=", "m2m token --refresh", "API_AUDIENCE", "no tid", "no ver", "no nbf"}
		rows = append(rows,
			shape{name: "issuer: " + name, text: text, verdict: verify.Invalid, check: verify.CheckIssuer, reason: "issuer_mismatch",
				says: says, never: never, more: exchange},
			shape{name: "issuer: " + name + ", no settings", text: text, setup: "none", check: verify.CheckIssuer, reason: "issuer_unset",
				verdict: map[bool]verify.Verdict{true: verify.Invalid, false: verify.Undecided}[exchange], says: says, never: never, more: exchange})
	}
	kube := func(iss string) issuertest.Members {
		return claimsOf(iss, exchangeURI).Set("aud", `["`+exchangeURI+`"]`).Str("sub", "system:serviceaccount:ns:app").
			Set("kubernetes.io", `{"namespace":"ns"}`)
	}
	const verifyGitHub = "m2m verify --issuer https://token.actions.githubusercontent.com " +
		"--jwks https://token.actions.githubusercontent.com/.well-known/jwks --audience api://AzureADTokenExchange"
	add("GitHub", claimsOf("https://token.actions.githubusercontent.com", exchangeURI).Str("sub", "repo:o/r:ref:refs/heads/main").
		Str("repository", "o/r"), true, "an ID token of a GitHub Actions job", "m2m token --federated github", verifyGitHub)
	add("GitHub, default aud", claimsOf("https://token.actions.githubusercontent.com", "https://github.com/octo").
		Str("sub", "repo:o/r:pull_request"), false, "GitHub Actions", "with aud api://AzureADTokenExchange instead of https://github.com/octo")
	add("GitHub Enterprise Server", claimsOf("https://ghe.corp.example/_services/token", exchangeURI), true, "GitHub Actions",
		"--jwks https://ghe.corp.example/_services/token/.well-known/jwks")
	add("ghe.com", claimsOf("https://token.actions.octo.ghe.com", exchangeURI), true, "GitHub Actions")
	add("GitLab", claimsOf("https://gitlab.com", exchangeURI).Str("sub", "project_path:g/p:ref_type:branch:ref:main"), true,
		"GitLab CI/CD", "--federated-token-file", "--jwks https://gitlab.com/oauth/discovery/keys")
	add("Azure Pipelines, old", claimsOf("https://vstoken.dev.azure.com/"+issuertest.OtherTenant, exchangeURI).Str("sub", "sc://o/p/c"), true,
		"Azure Pipelines", "2027-07-01", "--federated azure-pipelines")
	add("HCP Terraform", claimsOf("https://app.terraform.io", exchangeURI).Str("terraform_run_phase", "plan"), true, "HCP Terraform")
	add("CircleCI", claimsOf("https://oidc.circleci.com/org/"+issuertest.OtherTenant, issuertest.OtherTenant), false, "CircleCI",
		"circleci run oidc get", "with aud api://AzureADTokenExchange")
	add("Bitbucket", claimsOf("https://api.bitbucket.org/2.0/workspaces/w/pipelines-config/identity/oidc", "ari:cloud:bitbucket::workspace/w"),
		false, "Bitbucket")
	add("Buildkite", claimsOf("https://agent.buildkite.com", exchangeURI), true, "Buildkite", "--subject-claim")
	add("Spacelift", claimsOf("https://acme.app.spacelift.io", "acme.app.spacelift.io").Str("scope", "write"), false, "Spacelift")
	add("AKS", kube("https://westeurope.oic.prod-aks.azure.com/"+issuertest.Tenant+"/"+issuertest.OtherTenant+"/"), true, "AKS", "slash")
	add("EKS", kube("https://oidc.eks.eu-west-1.amazonaws.com/id/ABC"), true, "EKS")
	add("GKE", kube("https://container.googleapis.com/v1/projects/p/locations/l/clusters/c"), true, "GKE")
	add("Kubernetes", kube("https://kubernetes.default.svc.cluster.local"), true, "Kubernetes", "publishes its keys")
	add("Kubernetes, old kind", claimsOf("kubernetes/serviceaccount", "x").Del("aud", "exp", "iat").Str("sub", "system:serviceaccount:a:b"), false,
		"Secret", "no API can validate it")
	add("SPIFFE", claimsOf("https://oidc.spire.example", exchangeURI).Str("sub", "spiffe://corp.example/a"), true, "SPIFFE JWT-SVID")
	add("AWS STS", claimsOf("https://4f0e.tokens.sts.global.api.aws", exchangeURI).Str("sub", "arn:aws:iam::1:role/r"), true, "AWS STS", "RS256")
	add("Okta", claimsOf("https://acme.okta.com/oauth2/default", "api://orders").Set("ver", "1").Str("cid", "0oa1").Str("sub", "0oa1").
		Set("scp", `["read"]`), false, "Okta custom authorization server",
		"m2m verify --issuer https://acme.okta.com/oauth2/default --jwks https://acme.okta.com/oauth2/default/v1/keys --audience api://orders")
	add("Auth0", claimsOf("https://acme.eu.auth0.com/", "api://orders").Str("sub", "abc@clients").Str("azp", "abc").Str("gty", "client-credentials"),
		false, "Auth0", "--issuer https://acme.eu.auth0.com/ --jwks https://acme.eu.auth0.com/.well-known/jwks.json --audience api://orders")
	add("Keycloak", claimsOf("https://kc.example/realms/prod", "account").Str("typ", "Bearer").Str("azp", "shop").
		Set("realm_access", `{"roles":["a"]}`), false, "Keycloak", "/protocol/openid-connect/certs")
	add("Cognito", claimsOf("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A", "x").Del("aud").Str("client_id", "c1").Str("sub", "c1").
		Str("token_use", "access"), false, "Cognito", "--any-audience --client c1")
	add("Google", claimsOf("https://accounts.google.com", "api://orders").Str("azp", "1").Str("sub", "1").Str("email", "a@p.iam.gserviceaccount.com"),
		false, "Google ID token", "--jwks https://www.googleapis.com/oauth2/v3/certs")
	add("AD FS", claimsOf("http://fs.corp.example/adfs/services/trust", "microsoft:identityserver:orders").Str("ver", "1.0").Str("appid", "c").
		Str("apptype", "Confidential").Str("auth_time", "2026-06-01T11:00:00Z").Str("scp", "openid"), false, "AD FS",
		"--jwks https://fs.corp.example/adfs/discovery/keys")
	add("B2C", claimsOf("https://acme.b2clogin.com/"+issuertest.Tenant+"/v2.0/", issuertest.API).Str("tfp", "B2C_1_app").Str("ver", "1.0").
		Str("azp", "c").Str("scp", "read").Str("tid", issuertest.Tenant), false, "Azure AD B2C")
	add("Bot Framework", claimsOf("https://api.botframework.com", issuertest.Client).Str("serviceurl", "https://smba"), false, "Bot Framework",
		"--jwks https://login.botframework.com/v1/.well-known/keys")
	add("RFC 9068", claimsOf("https://idp.example", "api://orders").Str("client_id", "c"), false, `issued by "https://idp.example"`,
		"m2m verify --issuer https://idp.example --jwks https://idp.example/.well-known/openid-configuration --audience api://orders")
	add("ver a number", claimsOf("https://idp.example", "orders").Set("ver", "1"), false, `issued by "https://idp.example"`)
	add("Okta ID token", claimsOf("https://acme.okta.com", "0oa1").Set("ver", "1").Str("nonce", "n"), false, "an ID token of Okta")
	add("Auth0 ID token", claimsOf("https://acme.eu.auth0.com/", "abc").Str("sub", "auth0|1").Str("nonce", "n"), false,
		"an ID token of Auth0", "send the access token")
	add("Supabase", claimsOf("https://abc.supabase.co/auth/v1", "authenticated"), false, "Supabase")
	add("a name for an issuer", claimsOf("my-service", "api"), false, `issued by "my-service"`)
	add("Firebase", claimsOf("https://securetoken.google.com/p", "p").Set("firebase", "{}"), false, "Firebase ID token")
	add("GitHub, expired", claimsOf("https://token.actions.githubusercontent.com", "x").Date("exp", issuertest.Noon.Add(-time.Hour)).
		Date("iat", issuertest.Noon.Add(-2*time.Hour)), true, "GitHub Actions")
	org := issuertest.Mint(issuertest.Header(), claimsOf("https://acme.okta.com", "https://acme.okta.com").Set("ver", "1").
		Str("cid", "0oa1").Set("scp", `["okta.users.read"]`))
	for _, setup := range []string{"entra", "none"} {
		rows = append(rows, shape{name: "issuer: Okta org server, " + setup, text: org, setup: setup, verdict: verify.Unverifiable,
			check: verify.CheckSignature, reason: "okta_org", more: true, says: []string{"only Okta can validate it", "custom authorization server"}})
	}
	pipelines := issuertest.ClaimsV2().Str("aud", "fb60f99c-7a34-4190-8149-302f77469936").Str("idtyp", "app").
		Str("sub", "/eid1/c/pub/t/fiwf/a/rISbSSETf0KqFyZ8ppdXmA/sc/1/2").Str("azp", "499b84ac-1321-427f-aa17-267ca6975798").Del("roles")
	return append(rows, shape{name: "issuer: Azure Pipelines, new", text: issuertest.Mint(issuertest.Header(), pipelines), verdict: verify.Invalid,
		check: verify.CheckAudience, reason: "audience_exchange", more: true, says: []string{"token exchange", "--federated azure-pipelines"}})
}

func configuredIssuers() []shape {
	const idp = "https://idp.example/realms/shop"
	c := claimsOf(idp, "api://orders").Str("client_id", "shop").Str("sub", "shop").Str("scope", "read")
	h := issuertest.Header().Str("typ", "at+jwt")
	row := func(name, setup string, c issuertest.Members, check verify.Check, reason string, says ...string) shape {
		return shape{name: "named issuer: " + name, text: issuertest.Mint(h, c), setup: setup, verdict: verify.Invalid, check: check,
			reason: reason, says: says, never: []string{"m2m token --refresh", "Entra's always", ".default"}}
	}
	differs := func(name, iss, what string) shape {
		return row(name, idp, c.Str("iss", iss), verify.CheckIssuer, "issuer_mismatch", "only by "+what, "--issuer "+iss)
	}
	keycloak := c.Str("typ", "Bearer").Str("sub", "6f0e").Str("preferred_username", "service-account-shop").Del("client_id").Str("azp", "shop")
	return []shape{
		differs("a slash", idp+"/", "a slash at its end"),
		differs("http", "http://idp.example/realms/shop", "the scheme"),
		differs("a port", "https://idp.example:8443/realms/shop", "the port"),
		differs("upper case", "https://idp.example/realms/Shop", "upper and lower case"),
		row("another realm", idp, c.Str("iss", "https://idp.example/realms/other"), verify.CheckIssuer, "issuer_mismatch", "from another issuer",
			"--issuer https://idp.example/realms/other"),
		row("30 days", "https://acme.auth0.com/", c.Str("iss", "https://acme.auth0.com/").Date("exp", issuertest.Noon.AddDate(0, 0, 30)),
			verify.CheckLifetime, "too_long", "Maximum Access Token Lifetime"),
		row("Cognito without aud", "https://cognito-idp.eu-west-1.amazonaws.com/p",
			c.Del("aud").Str("iss", "https://cognito-idp.eu-west-1.amazonaws.com/p").Str("token_use", "access"), verify.CheckAudience,
			"audience_missing", "--any-audience --client shop"),
		row("Keycloak without aud", idp, keycloak.Del("aud").Str("sub", "shop"), verify.CheckAudience, "audience_missing", "audience mapper"),
		row("Keycloak's service account", idp, keycloak, verify.CheckKind, "user_token", "service account", "--allow-user --client shop"),
		row("GitHub's assertion", "https://token.actions.githubusercontent.com",
			claimsOf("https://token.actions.githubusercontent.com", "api://orders").Str("sub", "repo:o/r:x"), verify.CheckKind, "client_missing",
			"an ID token of a GitHub Actions job", "exchange it"),
		row("another audience", idp, c.Str("aud", "api://other"), verify.CheckAudience, "audience_mismatch", "another API"),
		row("expired", idp, c.Date("exp", issuertest.Noon.Add(-3*time.Minute)).Date("iat", issuertest.Noon.Add(-time.Hour)),
			verify.CheckLifetime, "expired", "expired 3m ago", "from Keycloak"),
		row("bound", idp, c.Set("cnf", `{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`), verify.CheckBinding, "bound", "DPoP"),
	}
}

func entraShapes() []shape {
	c2, c1, h := issuertest.ClaimsV2(), issuertest.ClaimsV1(), issuertest.Header()
	row := func(name string, c issuertest.Members, check verify.Check, reason string, says ...string) shape {
		return shape{name: "Entra: " + name, text: issuertest.Mint(h, c), verdict: verify.Invalid, check: check, reason: reason, says: says}
	}
	with := func(s shape, change func(*shape)) shape { change(&s); return s }
	mirid := "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
	ciam := "https://" + issuertest.Tenant + ".ciamlogin.com/" + issuertest.Tenant + "/v2.0"
	usgov := strings.Replace(issuertest.IssuerV2, "microsoftonline.com", "microsoftonline.us", 1)
	never := func(words ...string) func(*shape) { return func(s *shape) { s.never = words } }
	more := func(s *shape) { s.more = true }
	return []shape{
		{name: "Entra: valid", text: issuertest.Valid(), verdict: verify.Valid},
		{name: "Entra: valid v1.0", text: issuertest.Mint(h, c1), verdict: verify.Valid},
		{name: "Entra: agent with scp /", text: issuertest.Mint(h, c2.Str("idtyp", "app").Str("scp", "/").Str("xms_act_fct", "9 3 11")),
			verdict: verify.Valid},
		with(row("managed identity without a role", c2.Del("roles").Str("xms_mirid", mirid), verify.CheckPermission, "role_missing",
			"managed identity's service principal (object ID "+issuertest.Object+")", "24 hours", "a refresh changes nothing"),
			never("--refresh", "admin consent", "application permission")),
		with(row("managed identity, expired", c2.Str("xms_mirid", mirid).Date("exp", issuertest.Noon.Add(-20*time.Minute)), verify.CheckLifetime,
			"expired", "m2m token --managed-identity"), never("--refresh")),
		row("agent without a role", c2.Del("roles").Str("idtyp", "app").Str("xms_act_fct", "3 11 9"), verify.CheckPermission, "role_missing",
			"agent identity itself", "not to its blueprint"),
		row("agent by its blueprint", c2.Del("roles").Str("xms_par_app_azp", issuertest.Client), verify.CheckPermission, "role_missing",
			"not to its blueprint"),
		row("facet 111 is not 11", c2.Del("roles").Str("xms_act_fct", "111 9"), verify.CheckPermission, "role_missing", "application permission"),
		row("bound to a certificate", c2.Set("cnf", `{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}`), verify.CheckBinding, "bound",
			"SHA-256 thumbprint bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2", "mutual TLS"),
		with(row("bound, asked about by somebody else", c2.Set("cnf", `{"jkt":"0ZcO"}`), verify.CheckBinding, "bound", "DPoP"),
			func(s *shape) { s.setup, s.verdict, s.more = "none", verify.Undecided, true }),
		row("exchange token of an agent", c2.Str("aud", "fb60f99c-7a34-4190-8149-302f77469936"), verify.CheckAudience, "audience_exchange",
			"credential for a token exchange"),
		row("External ID", c2.Str("iss", ciam), verify.CheckIssuer, "issuer_mismatch", "Microsoft Entra External ID",
			"--authority-host https://"+issuertest.Tenant+".ciamlogin.com"),
		with(row("External ID, no settings", c2.Str("iss", ciam), verify.CheckIssuer, "issuer_unset", ".ciamlogin.com"),
			func(s *shape) { s.setup, s.verdict, s.more = "none", verify.Undecided, true }),
		row("US government", c2.Str("iss", usgov), verify.CheckIssuer, "issuer_mismatch", "usgov", "--cloud usgov"),
		row("China", c2.Str("iss", "https://login.partner.microsoftonline.cn/"+issuertest.Tenant+"/v2.0"), verify.CheckIssuer, "issuer_mismatch",
			"china", "--cloud china"),
		row("another tenant", strangerOf(issuertest.OtherTenant), verify.CheckIssuer, "issuer_mismatch", "another tenant"),
		row("slash behind v2.0", c2.Str("iss", issuertest.IssuerV2+"/"), verify.CheckIssuer, "issuer_mismatch", "only by a slash"),
		row("http", c2.Str("iss", strings.Replace(issuertest.IssuerV2, "https", "http", 1)), verify.CheckIssuer, "issuer_mismatch", "only by the scheme"),
		with(row("v1.0 with the client ID", c1.Str("aud", issuertest.OtherTenant), verify.CheckAudience, "audience_mismatch"),
			never("v2.0 tokens carry")),
		row("aud a list", c2.Set("aud", `["`+issuertest.API+`"]`), verify.CheckAudience, "audience_several", "aud is a list"),
		row("aud empty", c2.Str("aud", ""), verify.CheckAudience, "audience_mismatch"),
		with(row("user", issuertest.UserClaims(), verify.CheckKind, "user_token", "a user's token", "--allow-user"), more),
		with(row("user by idtyp", c2.Str("idtyp", "user"), verify.CheckKind, "user_token", "idtyp user"), more),
		with(row("app with scopes", c2.Str("idtyp", "app").Str("scp", "read"), verify.CheckKind, "not_app_only", "idtyp says app"), more),
		with(row("nothing marks it", c2.Str("sub", "pairwise"), verify.CheckKind, "not_app_only", "oid is not sub"), more),
		with(row("ID token", issuertest.IDClaims(), verify.CheckKind, "id_token", "an ID token"), more),
		with(shape{name: "Entra: Graph with nonce", text: issuertest.Mint(h.Str("nonce", "n"), c1.Str("aud", "https://graph.microsoft.com")),
			verdict: verify.Unverifiable, check: verify.CheckSignature, reason: "graph_nonce", says: []string{"only Graph can verify it"}}, more),
		row("Azure Resource Manager", c1.Str("aud", "https://management.azure.com"), verify.CheckAudience, "audience_mismatch",
			"Azure Resource Manager"),
		row("expired", c2.Date("exp", issuertest.Noon.Add(-20*time.Minute)), verify.CheckLifetime, "expired", "expired 20m ago"),
		row("no iss", c2.Del("iss"), verify.CheckIssuer, "issuer_missing"),
		row("no claims", issuertest.Members{}, verify.CheckIssuer, "issuer_missing", "names no issuer"),
		row("the example of jwt.io", issuertest.Members{}.Str("sub", "1234567890").Str("name", "John Doe").Set("iat", "1516239022"),
			verify.CheckIssuer, "issuer_missing", "names no issuer"),
		row("SPIFFE without iss", issuertest.Members{}.Str("sub", "spiffe://a/b").Set("aud", `["x"]`), verify.CheckIssuer, "issuer_missing",
			"SPIFFE JWT-SVID"),
		with(shape{name: "Entra: PRT cookie", text: issuertest.Mint(issuertest.Members{}.Str("alg", "HS256").Str("ctx", "AAAA"),
			issuertest.Members{}.Str("refresh_token", "0.AXk").Str("is_primary", "true").Str("request_nonce", "n")), verdict: verify.Invalid,
			check: verify.CheckAlgorithm, reason: "alg_not_allowed", says: []string{"Primary Refresh Token", "revoke"}}, more),
		with(row("client assertion", claimsOf(issuertest.Client, "https://login.microsoftonline.com/"+issuertest.Tenant+"/oauth2/v2.0/token").
			Str("sub", issuertest.Client), verify.CheckIssuer, "issuer_mismatch", "client assertion"), more),
	}
}

func notTokens() []shape {
	row := func(name, text, reason string, says ...string) shape {
		return shape{name: "paste: " + name, text: text, verdict: verify.Invalid, check: verify.CheckForm, reason: reason, says: says,
			never: []string{"--refresh", "client secret, or a part"}}
	}
	rotate := "shell history"
	return []shape{
		row("client secret", "abc8Q~1234567890abcdefghijklmnopqrstuvwxy", "segments", "a client secret of Entra", rotate),
		row("older client secret", "gTx1Y0KzQpL8nVb3RwZ5sDh7JmC2fEu9AaBbCcDdEe8=", "segments", "likely a client secret", rotate),
		row("SAS", "sv=2022-11-02&ss=b&srt=sco&sp=rl&se=2027-01-01T00:00:00Z&sig=abcdefghij%3D", "segments", "shared access signature", rotate),
		row("connection string", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=YWJjZGVmZ2hpamtsbW5vcA==", "segments", "connection string"),
		row("refresh token", "0.AXkAabcdefghijklmnopqrstuvwxyz.AgABAAEAAAD0123456789abcdefghijklmnopqrstuvwxyz", "base64", "refresh token", rotate),
		row("MSA ticket", "EwBoA8l6BAAUO9chh8cJscQLmU+LSWpbnr0vmwwAAQgAbCdEfGhIjKl", "segments", "personal Microsoft account"),
		row("SecureString", "System.Security.SecureString", "base64", "PowerShell type", "ConvertFrom-SecureString"),
		row("placeholder", "<access-token>", "segments", "a placeholder"),
		row("variable", "$TOKEN", "segments", "a variable that was not replaced"),
		row("null", "null", "segments", "there is no value"),
		row("undefined", "undefined", "segments", "there is no value"),
		row("opaque token", "2YotnFZFEjr1zCsicMWpAA", "segments", "opaque token"),
		row("AADSTS", `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Trace ID: x"}`, "segments",
			"an Entra error, AADSTS7000215"),
		row("HTML", "<!DOCTYPE html><html><head><title>Sign in</title></head></html>", "segments", "an HTML page"),
		row("file name", "token.jwt", "segments", "likely the name of a file", "m2m verify @token.jwt"),
		row("path", "./out/token.txt", "segment_empty", "m2m verify @./out/token.txt"),
		row("GUID", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "segments", "a GUID"),
		row("AWS key", "AKIAIOSFODNN7EXAMPLE", "segments", "an access key ID of AWS", rotate),
		row("GitHub token", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "segments", "a token of GitHub", rotate),
		row("Slack token", "xoxb-123456789-abcdefghij", "segments", "a token of Slack", rotate),
		row("certificate", "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----", "segments", "a certificate"),
		row("private key", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "segments", "a private key", rotate),
		row("Bearer alone", "Bearer", "segments", "the word Bearer alone"),
		row("header alone", "Authorization: Bearer", "segments", "the word Bearer alone"),
		row("two tokens", issuertest.Valid()+"\n"+issuertest.Mint(issuertest.Header(), issuertest.ClaimsV1()), "charset", "2 tokens", "--batch"),
		row("JSON without a token", `{"tenant":"x","subscription":"y"}`, "segments", "JSON without a token"),
		row("key set", `{"keys":[{"kty":"RSA"}]}`, "segments", "a key set"),
		row("address", "https://login.microsoftonline.com/common", "charset", "an address"),
		row("user name", "ada@contoso.com", "segments", "an e-mail address"),
		row("XML", `<?xml version="1.0"?><saml:Assertion/>`, "segments", "XML"),
		row("words", "hello", "segments", "the form of a token"),
		{name: "paste: Bearer Bearer", text: "Bearer Bearer " + issuertest.Valid(), verdict: verify.Valid},
		{name: "paste: JSON of the token endpoint", text: `{"token_type":"Bearer","access_token":"` + issuertest.Valid() + `"}`,
			verdict: verify.Valid},
		{name: "paste: az", text: `{"accessToken":"` + issuertest.Valid() + `","expiresOn":"2026-06-01 12:30:00.000000"}`,
			verdict: verify.Valid},
		{name: "paste: a header line", text: "Authorization: Bearer " + issuertest.Valid() + "\r\n", verdict: verify.Valid},
	}
}
