package forge

import (
	"net/url"
	"testing"

	"m2m/internal/entra"
)

// TestRelatedServers has the servers that a document may name for a token.
func TestRelatedServers(t *testing.T) {
	const tid, other = "6f0a1b2c-3d4e-4f50-8a6b-7c8d9e0f1a2b", "7f0a1b2c-3d4e-4f50-8a6b-7c8d9e0f1a2b"
	for _, tt := range []struct {
		iss, tid, server    string
		related, sameTenant bool
	}{
		{"https://login.microsoftonline.com/" + tid + "/v2.0", tid, "https://login.microsoftonline.com/" + tid + "/v2.0", true, true},
		{"https://sts.windows.net/" + tid + "/", tid, "https://login.microsoftonline.com/" + tid + "/v2.0", true, true}, // a v1.0 token
		{"https://login.microsoftonline.com/" + tid + "/v2.0", tid, "https://login.microsoftonline.com/organizations/v2.0", true, true},
		{"https://login.microsoftonline.com/" + tid + "/v2.0", tid, "https://login.microsoftonline.com/" + other + "/v2.0", true, false},
		{"https://login.microsoftonline.com/" + tid + "/v2.0", tid, "https://login.microsoftonline.us/" + tid + "/v2.0", false, true},
		{"https://login.microsoftonline.com/" + tid + "/v2.0", tid, "https://login.microsoftonline.com.evil.example/" + tid + "/v2.0", false, true},
		{"https://login.microsoftonline.com/" + tid + "/v2.0", tid, "http://login.microsoftonline.com/" + tid + "/v2.0", false, false},
		{"https://sts.windows.net/" + tid + "/", tid, "https://127.0.0.1:8443/" + tid + "/v2.0", true, true}, // a local tenant
		{"https://id.example/realms/a", "", "https://id.example/realms/a", true, true},
		{"https://id.example/realms/a", "", "https://id.example.org/realms/a", false, true},
		{"https://id.example/realms/a", "", "id.example", false, false},
	} {
		claims := encode([]byte(`{"iss":"` + tt.iss + `","tid":"` + tt.tid + `"}`))
		kit, err := New(Config{
			Token: entra.NewSecret("eyJhIjoxfQ." + claims + ".AAAA"),
			Base:  NewRequest("GET", &url.URL{Scheme: "http", Host: "127.0.0.1", Path: "/"}, nil, nil),
		})
		if err != nil {
			t.Fatal(err)
		}
		if related, same := kit.relatedServer(tt.server); related != tt.related || same != tt.sameTenant {
			t.Errorf("%s for %s: %t %t, want %t %t", tt.server, tt.iss, related, same, tt.related, tt.sameTenant)
		}
		if err := kit.Close(); err != nil {
			t.Error(err)
		}
	}
}
