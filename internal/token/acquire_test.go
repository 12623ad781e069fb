package token_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
	"m2m/internal/explain"
	"m2m/internal/input"
	"m2m/internal/token"
)

func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func TestSecretIsExchangedForAToken(t *testing.T) {
	s := newStandIn(t)
	before := time.Now()
	got, err := s.client("").Acquire(t.Context(), s.request())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.Access.Reveal(), "eyJ") || got.Type != "Bearer" || got.Source != token.SourceIDP {
		t.Errorf("token = %+v, want a bearer token from the identity provider", got)
	}
	if life := got.ExpiresOn.Sub(before); life < 3598*time.Second || life > time.Hour {
		t.Errorf("the token lives %s, want 3599 s", life)
	}
	sent := s.lastForm()
	if sent["client_secret"] != secret || !strings.HasPrefix(sent["scope"], scope+" ") {
		t.Errorf("sent %v", sent)
	}
}

// TestForcedRegionIsIgnored: MSAL applies MSAL_FORCE_REGION to any host, which
// sends a secret to a host that nobody set.
func TestForcedRegionIsIgnored(t *testing.T) {
	t.Setenv("MSAL_FORCE_REGION", "westus2")
	s := newStandIn(t)
	if _, err := s.client("").Acquire(t.Context(), s.request()); err != nil {
		t.Fatal(err)
	}
}

func TestClaimsChallengeIsPassedOn(t *testing.T) {
	s := newStandIn(t)
	r := s.request()
	r.Claims = `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`
	if _, err := s.client("").Acquire(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := s.lastForm()["claims"]; got != r.Claims {
		t.Errorf("claims sent = %q", got)
	}
}

func TestRefusalIsTyped(t *testing.T) {
	s := newStandIn(t)
	r := s.request()
	r.Credential = token.NewClientSecret(entra.NewSecret("wrong~secret"))
	_, err := s.client(t.TempDir()).Acquire(t.Context(), r)
	var refusal *token.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("error = %v, want a *Refusal", err)
	}
	want := &token.Refusal{
		Status: 401, Code: "invalid_client", AADSTS: []int{7000215},
		Description: "Invalid client secret provided.",
		TraceID:     "0f0f0f0f-1111-4222-8333-444444444444", CorrelationID: "1e1e1e1e-2222-4333-8444-555555555555",
		Timestamp:   "2026-08-13 21:24:29Z",
		SecretShape: "12 characters, not in the form of Entra's client secrets (40 characters, Q~ behind the fourth)",
	}
	if diff := cmp.Diff(want, refusal); diff != "" {
		t.Errorf("refusal (-want +got):\n%s", diff)
	}
	if !errors.Is(err, token.ErrRefused) || errors.Is(err, token.ErrUnavailable) || errors.Is(err, token.ErrSettings) {
		t.Errorf("%v matches not exactly ErrRefused", err)
	}
	entry, _ := refusal.Known()
	text := err.Error() + strings.Join(explain.CommandLine.Hints(refusal), "\n")
	for _, part := range []string{"AADSTS7000215", "Invalid client secret provided", strings.TrimSuffix(entry.Cause, "."),
		strings.TrimSuffix(entry.Remedy, "."), entry.Retry.Advice(), want.TraceID, want.CorrelationID} {
		if part == "" || !strings.Contains(text, part) {
			t.Errorf("the user is not told %q:\n%s", part, text)
		}
	}
	if strings.Contains(text, "wrong~secret") {
		t.Errorf("the secret is shown:\n%s", text)
	}
}

func TestNothingIsSentThatCannotWork(t *testing.T) {
	s := newStandIn(t)
	tests := []struct {
		name   string
		change func(*token.Request)
		want   error
	}{
		{"no credential", func(r *token.Request) { r.Credential = nil }, token.ErrNoCredential},
		{"no tenant", func(r *token.Request) { r.Authority.Tenant = "" }, entra.ErrTenantMissing},
		{"placeholder tenant", func(r *token.Request) { r.Authority.Tenant = "your-tenant-id" }, entra.ErrPlaceholder},
		{"tenant common", func(r *token.Request) { r.Authority.Tenant = "common" }, entra.ErrTenantCommon},
		{
			"plain http authority", func(r *token.Request) { r.Authority.Origin = "http://127.0.0.1:1" },
			entra.ErrAuthorityHost,
		},
		{"client is a name", func(r *token.Request) { r.ClientID = "my-app" }, entra.ErrClientForm},
		{"empty secret", withSecret(""), token.ErrNoSecret},
		{"secret is its ID", withSecret(clientID), entra.ErrSecretIsItsID},
		{"secret with line end", withSecret(secret + "\n"), entra.ErrSecretHasSpace},
		{"secret is JSON", withSecret(`{"clientSecret":"x"}`), errNot},
		{"secret is a file", withSecret("acquire_test.go"), errNot},
		{"secret in quotes", withSecret(`"` + secret + `"`), errNot},
		{"placeholder secret", withSecret("<client-secret>"), entra.ErrPlaceholder},
		{"no scope", withScope(""), entra.ErrScopeMissing},
		{"scope of a permission", withScope("api://m2m-demo/Data.Read"), entra.ErrScopeNotDefault},
		{"scope of a resource", withScope("https://graph.microsoft.com"), entra.ErrScopeNotDefault},
		{"GUID as scope", withScope(clientID), entra.ErrScopeNotDefault},
		{"several scopes", withScope("api://a/.default api://b/.default"), entra.ErrScopeSeveral},
		{"placeholder scope", withScope("api://your-api-id/.default"), entra.ErrPlaceholder},
		{"claims in base64", func(r *token.Request) { r.Claims = "eyJhIjoxfQ" }, token.ErrClaimsForm},
		{"claims null", func(r *token.Request) { r.Claims = "null" }, token.ErrClaimsForm},
		{"region of a foreign host", func(r *token.Request) { r.Region = "westeurope" }, token.ErrRegionHost},
		{"region is a host", func(r *token.Request) { r.Region = "evil.example/" }, token.ErrRegionForm},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := s.request()
			tt.change(&r)
			_, err := s.client(t.TempDir()).Acquire(t.Context(), r)
			var setting *token.SettingError
			isNot := tt.want == errNot && errors.As(err, new(*input.NotError))
			if !errors.As(err, &setting) || !isNot && !errors.Is(err, tt.want) || !errors.Is(err, token.ErrSettings) {
				t.Fatalf("error = %v, want a SettingError of %v", err, tt.want)
			}
			if setting.Setting == "client secret" && setting.Found != "" {
				t.Errorf("the secret is shown: %v", err)
			}
		})
	}
	if n := s.count(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func withSecret(value string) func(*token.Request) {
	return func(r *token.Request) { r.Credential = token.NewClientSecret(entra.NewSecret(value)) }
}

func withScope(value string) func(*token.Request) {
	return func(r *token.Request) { r.Scope = value }
}
