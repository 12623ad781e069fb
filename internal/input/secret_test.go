package input_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"m2m/internal/input"
)

const secret = "abc8Q~x.Y_z-0123456789abcdefghijklmnop12"

func TestCheckSecret(t *testing.T) {
	exists := func(path string) bool { return path == "notes" }
	for value, want := range map[string]string{
		secret:                                "",
		"hunter2":                             "",
		"@]KrXcQ?K2ofpO1EGh.[fHq8":            "", // as Entra made them before 2021
		"{kZ8=x[Q]9":                          "",
		"b64+/older==":                        "",
		"a=b":                                 "",
		" " + secret + "\n":                   "", // entra.ErrSecretHasSpace
		"-----BEGIN PRIVATE KEY-----\nMII":    "a private key in PEM form",
		"-----BEGIN CERTIFICATE-----\\nMI":    "a certificate in PEM form",
		"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0t":    "a certificate in PEM form",
		`{"clientId":"a","clientSecret":"b"}`: "'clientSecret'",
		`{"appId":"a","password":"b","tenant":"c"}`:        "'password'",
		`{"id":"https://v.vault.azure.net/x","value":"b"}`: "'value'",
		`{"a":1}`:                          "JSON",
		`{"clientSecret": "b`:              "JSON that cannot be read",
		"CLIENT_SECRET=" + secret:          "an assignment",
		"export CLIENT_SECRET=" + secret:   "white space", // its blank comes first
		"client_secret: " + secret:         "white space",
		"AZURE_CLIENT_SECRET=" + secret:    "an assignment",
		"secret=" + secret:                 "an assignment",
		secret + "\n" + secret:             "2 lines",
		`"` + secret + `"`:                 "quotes at both ends",
		"'" + secret + "'":                 "quotes at both ends",
		"“" + secret + "”":                 "quotes at both ends",
		"\u200b" + secret:                  "invisible",
		secret + "\ufeff":                  "invisible",
		secret[:9] + "\u00a0" + secret[9:]: "white space",
		secret[:9] + "\x00" + secret[9:]:   "UTF-16",
		"a\xff":                            "not UTF-8",
		"/etc/spn.pem":                     "the name of a file",
		"notes":                            "the name of a file",
		"@secret.txt":                      "behind an @",
		"@notes":                           "behind an @",
		"/run/secrets/client":              "the name of a file",
		"@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)": "Key Vault reference",
		"https://v.vault.azure.net/secrets/s/1":                              "address of a Key Vault secret",
		"op://vault/item/secret":                                             "address of a secret",
		"file:///etc/secret":                                                 "address of a file",
		"${{ secrets.CLIENT_SECRET }}":                                       "a reference",
		"$(az keyvault secret show)":                                         "a reference",
		"#{ClientSecret}#":                                                   "a reference",
		jwt:                                                                  "a token",
		"0123456789abcdef0123456789ABCDEF01234567":                           "thumbprint",
		"abc" + strings.Repeat("*", 18):                                      "masked",
		base64.StdEncoding.EncodeToString([]byte(secret)):                    "in base64",
		strings.Replace(secret, "~", "%7E", 1):                               "percent-encoding",
	} {
		err := input.CheckSecret(value, exists)
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", value, err)
			}
			continue
		}
		var not *input.NotError
		if !errors.As(err, &not) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", value, err, want)
		}
	}
}

func TestSecret(t *testing.T) {
	for data, want := range map[string]string{
		"a":                         "a",
		"a\r\n":                     "a",
		"\ufeffa\n":                 "a",
		"\xff\xfea\x00\r\x00\n\x00": "a",
		"\xfe\xff\x00a\x00b":        "ab",
		"a\x00b\x00\n\x00":          "ab",
		" a ":                       " a ",
	} {
		if got, _ := input.Secret([]byte(data)); got != want {
			t.Errorf("%q: %q, want %q", data, got, want)
		}
	}
}

func TestSecretShape(t *testing.T) {
	for value, want := range map[string]string{
		secret:       "40 characters, in the form of Entra's client secrets",
		secret[:30]:  "a part is missing",
		secret + "x": "something was added",
		"hunter2":    "7 characters, not in the form of Entra's client secrets",
		"h–2":        "3 characters, not all of them ASCII",
	} {
		if got := input.SecretShape(value); !strings.Contains(got, want) || len(value) > 3 && strings.Contains(got, value) {
			t.Errorf("%q: %s, want %q", value, got, want)
		}
	}
}

func FuzzCheckSecret(f *testing.F) {
	for _, s := range []string{secret, `"` + secret, "{\"a\":1", "@x", "a\nb", "\ufeff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		err := input.CheckSecret(value, nil)
		if err != nil && len(value) > 12 && strings.Contains(err.Error(), value) {
			t.Errorf("the value is in %v", err)
		}
		if shape := input.SecretShape(value); len(value) > 40 && strings.Contains(shape, value) {
			t.Errorf("the value is in %s", shape)
		}
	})
}

func TestValueAndID(t *testing.T) {
	const guid = "eb4c5b2c-1b7a-4a45-9d3c-3f8f6f0a7e11"
	for _, given := range []string{
		guid, " " + guid + "\r\n", `"` + guid + `"`, "'" + guid + "'", "{" + guid + "}", `"{` + guid + `}"`, "(" + guid + ")",
		"urn:uuid:" + guid, "\ufeff" + guid, guid + "\u200b", "\u00a0" + guid, "CLIENT_ID=" + guid, "export TENANT_ID='" + guid + "'",
	} {
		if got, changed := input.ID(given); got != guid || (changed != nil) != (given != guid) {
			t.Errorf("%q: %q, %q", given, got, changed)
		}
	}
	for given, want := range map[string]string{
		`"api://orders/.default"`: "api://orders/.default",
		"contoso.com":             "contoso.com",
		`it's "a" 'b'`:            `it's "a" 'b'`,
		`"a" "b"`:                 `"a" "b"`,
		"{tenant}":                "{tenant}",
		"":                        "",
	} {
		if got, _ := input.ID(given); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}
