package transport

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIsCredential(t *testing.T) {
	for _, name := range []string{
		"Authorization", "Proxy-Authorization", "Cookie", "X-Vault-Token", "X-Api-Key", "api-key", "apikey", "X-Auth-Token", "X-Auth",
		"X-Functions-Key", "Ocp-Apim-Subscription-Key", "X-MS-AUTHORIZATION-AUXILIARY", "X-Amz-Security-Token", "X-Amz-Credential",
		"PRIVATE-TOKEN", "X-Hub-Signature-256", "X-GitHub-Token", "X-Client-Secret", "X-Password", "Signature", "Dd-Api-Key",
		"X-Gitlab-Token", "X-Session-Id", "X-Goog-Iap-Jwt-Assertion",
	} {
		if !IsCredential(name) {
			t.Errorf("%s is not taken for a credential", name)
		}
	}
	for _, name := range []string{
		"Accept", "Content-Type", "Idempotency-Key", "Sec-WebSocket-Key", "User-Agent", "X-Request-Id", "traceparent", "If-Match",
		"X-Author", "WWW-Authenticate",
	} {
		if IsCredential(name) {
			t.Errorf("%s is taken for a credential", name)
		}
	}
	h := http.Header{"X-Vault-Token": {"a"}, "Accept": {"b"}, "Cookie": {"c"}}
	if diff := cmp.Diff([]string{"Cookie", "X-Vault-Token"}, Credentials(h)); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
}

func TestInClear(t *testing.T) {
	for address, want := range map[string]bool{
		"https://api.example": false, "http://127.0.0.1:8000": false, "http://x.localhost": false, "http://[::1]": false,
		"http://api.example": true, "http://127.0.0.1.nip.io": true, "http://10.0.0.1": true,
	} {
		u, err := url.Parse(address)
		if err != nil || InClear(u) != want {
			t.Errorf("%s in clear: %v, want %v (%v)", address, !want, want, err)
		}
	}
}
