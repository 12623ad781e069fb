package entra_test

import (
	"errors"
	"strings"
	"testing"

	"m2m/internal/entra"
)

// is reports whether got is exactly the sentinel want, or nil where want is.
func is(got, want error) bool { return errors.Is(got, want) && (got == nil) == (want == nil) }

func TestCheckTenant(t *testing.T) {
	for tenant, want := range map[string]error{
		tenantID:                               nil,
		strings.ToUpper(tenantID):              nil,
		"contoso.onmicrosoft.com":              nil,
		"contoso.com":                          nil,
		"Contoso-Fabrikam.co.uk":               nil,
		"xn--bcher-kva.de":                     nil,
		"9188040d-6c67-4c5b-b112-36a304b66dad": nil,
		"":                                     entra.ErrTenantMissing,
		"common":                               entra.ErrTenantCommon,
		"Organizations":                        entra.ErrTenantCommon,
		"CONSUMERS":                            entra.ErrTenantCommon,
		"your-tenant-id":                       entra.ErrPlaceholder,
		"<tenant>.onmicrosoft.com":             entra.ErrPlaceholder,
		"yourtenant.onmicrosoft.com":           entra.ErrPlaceholder,
		"00000000-0000-0000-0000-000000000000": entra.ErrPlaceholder,
		"contoso":                              entra.ErrTenantForm,
		"{" + tenantID[:8] + "}x":              entra.ErrTenantForm,
		tenantID + " ":                         entra.ErrTenantForm,
		tenantID + "/v2.0":                     entra.ErrTenantForm,
		"../common":                            entra.ErrTenantForm,
		"contoso.com/":                         entra.ErrTenantForm,
		"contoso.com?x":                        entra.ErrTenantForm,
		"contoso.com\n":                        entra.ErrTenantForm,
		"contoso..com":                         entra.ErrTenantForm,
		".contoso.com":                         entra.ErrTenantForm,
		"contoso.com.":                         entra.ErrTenantForm,
		"-contoso.com":                         entra.ErrTenantForm,
		"10.0.0.10":                            entra.ErrTenantForm,
		"contoso.c":                            entra.ErrTenantForm,
		"10.0.0.1":                             entra.ErrTenantForm,
		"c\u043entoso.com":                     entra.ErrTenantForm, // a Cyrillic o
		"https://login.microsoftonline.com/x":  entra.ErrTenantForm,
		strings.Repeat("a", 64) + ".com":       entra.ErrTenantForm,
		strings.Repeat("a.", 130) + "com":      entra.ErrTenantForm,
	} {
		if got := entra.CheckTenant(tenant); !is(got, want) {
			t.Errorf("CheckTenant(%q) = %v, want %v", tenant, got, want)
		}
	}
}

func TestCheckClientID(t *testing.T) {
	for id, want := range map[string]error{
		clientID:                               nil,
		strings.ToUpper(clientID):              nil,
		"":                                     entra.ErrClientMissing,
		"your-client-id":                       entra.ErrPlaceholder,
		"${CLIENT_ID}":                         entra.ErrPlaceholder,
		"00000000-0000-0000-0000-000000000000": entra.ErrPlaceholder,
		"my-app":                               entra.ErrClientForm,
		`"` + clientID + `"`:                   entra.ErrClientForm,
		clientID + "\n":                        entra.ErrClientForm,
		"api://" + clientID:                    entra.ErrClientForm,
	} {
		if got := entra.CheckClientID(id); !is(got, want) {
			t.Errorf("CheckClientID(%q) = %v, want %v", id, got, want)
		}
	}
}

func TestCheckClientSecret(t *testing.T) {
	for value, want := range map[string]error{
		hidden: nil,
		"":     nil, // another credential may be in use
		"zP/2=+aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8=": nil, // the older form, Base64
		clientID:                  entra.ErrSecretIsItsID,
		strings.ToUpper(clientID): entra.ErrSecretIsItsID,
		"your-client-secret":      entra.ErrPlaceholder,
		"<client-secret>":         entra.ErrPlaceholder,
		"changeme":                entra.ErrPlaceholder,
		hidden + "\n":             entra.ErrSecretHasSpace,
		"\t" + hidden:             entra.ErrSecretHasSpace,
		hidden + "\u00a0":         entra.ErrSecretHasSpace, // copied from a web page
	} {
		if got := entra.CheckClientSecret(entra.NewSecret(value)); !is(got, want) {
			t.Errorf("CheckClientSecret(%q) = %v, want %v", value, got, want)
		}
	}
	var none entra.Secret
	if err := entra.CheckClientSecret(none); err != nil {
		t.Errorf("CheckClientSecret of the zero value = %v, want nil", err)
	}
}

func TestIsPlaceholder(t *testing.T) {
	for _, s := range []string{
		"your-tenant-id", "YOUR_CLIENT_SECRET", "your client id", "your-tenant.onmicrosoft.com", "yourtenant.onmicrosoft.com",
		"your.domain.com", "YourCompany",
		"<tenant-id>", "<>x<your secret>", "<tenant>.onmicrosoft.com", "{tenant}", "{{ .ClientSecret }}", "[client id]",
		"$TENANT_ID", "${CLIENT_SECRET}", "$(CLIENT_SECRET)", "%CLIENT_ID%",
		"tenant-id", "TENANT_ID", "client_secret", "client-secret-value", "client-secret-here", "my-client-id",
		"the tenant id", "application-id", "secret_value_goes_here",
		"insert-secret-here", "ENTER_TENANT_ID", "put-your-secret-here", "replace-me", "replace_with_secret", "replaceme",
		"change-me", "CHANGEME", "fill_me_in", "fill-in",
		"00000000-0000-0000-0000-000000000000", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "XXXX", "xxx", "...", "\u2026",
		"****", "********",
		"todo", "TBD", "FIXME", "placeholder", "example", "dummy", "null", "None", "undefined", "nil",
		"api://your-api", "api://<client-id>", "api://{client-id}/.default",
		"api://xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx/.default", "https://your-api.example/.default",
		"  your-tenant-id\n",
	} {
		if !entra.IsPlaceholder(s) {
			t.Errorf("IsPlaceholder(%q) = false: nobody filled it in", s)
		}
	}
	for _, s := range []string{
		"", " ", tenantID, strings.ToUpper(clientID), "12345678-1234-1234-1234-123456789012",
		"11111111-1111-1111-1111-111111111111",
		"contoso.onmicrosoft.com", "contoso.com", "example.com", "yourkshire.co.uk", "put.io", "enter.de", "insertcoin.com",
		"tenant.com", "api.com", "dummy.example",
		hidden, "Q~x8Q~abc_-.0123456789abcdefghijklmnop", "zP/2=+aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8=",
		"null8Q~abcdefghijklmnopqrstuvwxyz0123456",
		"api://m2m-demo", "api://m2m-demo/.default", "api://orders", "api://" + apiID + "/.default",
		"https://graph.microsoft.com/.default", "https://api.example.com/.default",
		"p@ss<word", "pa$$word", "100%sure%", "a{b}c", strings.Repeat("x", 5000),
	} {
		if entra.IsPlaceholder(s) {
			t.Errorf("IsPlaceholder(%q) = true: it may be real", s)
		}
	}
}

func FuzzChecks(f *testing.F) {
	for _, seed := range []string{"", tenantID, "contoso.com", "<a>", "${A}", "your-a", "xxx", hidden, "api://x/.default",
		"common", "00000000-0000-0000-0000-000000000000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if entra.IsPlaceholder(s) != entra.IsPlaceholder(" "+s+"\n") {
			t.Fatalf("white space decides whether %q is a placeholder", s)
		}
		if entra.IsPlaceholder(s) &&
			(entra.CheckTenant(s) == nil || entra.CheckClientID(s) == nil ||
				entra.CheckClientSecret(entra.NewSecret(s)) == nil || entra.CheckScope(s) == nil) {
			t.Fatalf("%q is a placeholder, yet passes a check", s)
		}
		if entra.CheckClientID(s) == nil &&
			(!entra.IsGUID(s) || entra.CheckTenant(s) != nil || entra.CheckClientSecret(entra.NewSecret(s)) == nil) {
			t.Fatalf("%q is a client ID, but the other checks disagree", s)
		}
		if entra.CheckTenant(s) == nil &&
			strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`/\?#%@:`, c) }) {
			t.Fatalf("tenant %q passes, but changes the address that it is put into", s)
		}
	})
}
