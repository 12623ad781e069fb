package token

import (
	"net/url"
	"testing"

	"m2m/internal/entra"
)

func TestMayReceiveSecrets(t *testing.T) {
	for _, tt := range []struct {
		authority, address string
		want               bool
	}{
		{"https://login.microsoftonline.com", "https://login.microsoftonline.com/t/oauth2/v2.0/token", true},
		{"https://login.microsoftonline.com", "https://LOGIN.microsoftonline.com:443/t", true},
		{"https://login.microsoftonline.com", "https://login.windows.net/t", true},
		{"https://login.microsoftonline.com", "https://westeurope.login.microsoft.com/t", true},
		{"https://login.microsoftonline.us", "https://usgovvirginia.login.microsoftonline.us/t", true},
		{"https://login.microsoftonline.com", "https://login.microsoftonline.us/t", false},
		{"https://login.microsoftonline.com", "https://a.b.login.microsoftonline.com/t", false},
		{"https://login.microsoftonline.com", "https://login.microsoftonline.com.evil.example/t", false},
		{"https://login.microsoftonline.com", "https://login.microsoftonline.com:8443/t", false},
		{"https://127.0.0.1:8443", "https://127.0.0.1:8443/t", true},
		{"https://127.0.0.1:8443", "https://127.0.0.1:9443/t", false},
		{"https://127.0.0.1:8443", "https://login.microsoftonline.com/t", false},
	} {
		u, err := url.Parse(tt.address)
		if err != nil {
			t.Fatal(err)
		}
		if got := mayReceiveSecrets(entra.Authority{Origin: tt.authority}, u); got != tt.want {
			t.Errorf("%s, %s: %v", tt.authority, tt.address, got)
		}
	}
}
