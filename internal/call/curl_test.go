package call_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"m2m/internal/call"
	"m2m/internal/call/calltest"
	"m2m/internal/entra"
	"m2m/internal/text"

	"github.com/google/go-cmp/cmp"
)

func TestCurl(t *testing.T) {
	for _, tt := range []struct {
		name string
		req  call.Request
		curl call.Curl
		want string
	}{
		{"plain", call.Request{}, call.Curl{}, `curl -sS 'https://api.example.org/it'\''s?q=1&sig=[redacted]'`},
		{
			"token", call.Request{Token: entra.NewSecret("hunter2")}, call.Curl{Token: "m2m token -o curl --local"},
			`m2m token -o curl --local | curl -sSK - 'https://api.example.org/it'\''s?q=1&sig=[redacted]'`,
		},
		{
			"everything", call.Request{
				Method: "PUT", Body: call.BytesBody([]byte("x")), Follow: true,
				Header: http.Header{"X-Vault-Token": {"hunter3"}, "Accept": {"text/plain"}, "Authorization": {"Basic aHVudGVy"}},
			}, call.Curl{Body: "@order.json", CAFile: "my ca.pem"},
			`curl -sS -L --cacert 'my ca.pem' -X PUT -H 'Accept: text/plain' -H 'Authorization: Basic [redacted]' -H 'X-Vault-Token: [redacted]' ` +
				`--data-binary @order.json 'https://api.example.org/it'\''s?q=1&sig=[redacted]'`,
		},
		{"POST needs no -X", call.Request{Method: "POST"}, call.Curl{Body: "@-"},
			`curl -sS --data-binary @- 'https://api.example.org/it'\''s?q=1&sig=[redacted]'`},
		{"POST of nothing does", call.Request{Method: "POST"}, call.Curl{},
			`curl -sS -X POST 'https://api.example.org/it'\''s?q=1&sig=[redacted]'`},
		{"GET with content too", call.Request{Method: "GET"}, call.Curl{Body: "a b"},
			`curl -sS -X GET --data-binary 'a b' 'https://api.example.org/it'\''s?q=1&sig=[redacted]'`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.req.URL = calltest.Request(t, "https://api.example.org/it's?q=1&sig=hunter4").URL
			if diff := cmp.Diff(tt.want, tt.curl.Line(tt.req)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestShown(t *testing.T) {
	shown := call.ShownHeader(http.Header{
		"Set-Cookie": {"session=hunter1"}, "Proxy-Authorization": {"Basic hunter2"}, "Authorization": {"hunter3"},
		"X-Functions-Key": {"hunter4"},
		"X-Csrf-Token":    {"hunter5"}, "X-Ms-Token-Aad-Access-Token": {"hunter6"},
		"Location": {"https://login.example.org/cb?state=1&c%6Fde=hunter7"},
		"X-Next": {"https://storage.example.org/a?X-Amz-Signature=hunter10&X-Amz-Security-Token=hunter11&$skiptoken=2",
			"/cb#access_token=hunter12&state=1"},
		"Date": {"today"}, "Via": {"a", "b"}, "Idempotency-Key": {"1"},
	})
	want := []string{
		"Authorization: [redacted]", "Date: today", "Idempotency-Key: 1",
		"Location: https://login.example.org/cb?state=1&c%6Fde=[redacted]",
		"Proxy-Authorization: [redacted]", "Set-Cookie: [redacted]", "Via: a", "Via: b",
		"X-Csrf-Token: [redacted]", "X-Functions-Key: [redacted]", "X-Ms-Token-Aad-Access-Token: [redacted]",
		"X-Next: https://storage.example.org/a?X-Amz-Signature=[redacted]&X-Amz-Security-Token=[redacted]&$skiptoken=2",
		"X-Next: /cb#[redacted]",
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Error(diff)
	}
	u := &url.URL{Scheme: "https", Host: "h", Path: "/", User: url.UserPassword("me", "hunter8"),
		RawQuery: "access_token=hunter9&a&b=2"}
	if got := call.ShownURL(u); got != "https://%5Bredacted%5D@h/?access_token=[redacted]&a&b=2" ||
		strings.Contains(got, "hunter") {
		t.Errorf("shown as %s", got)
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{"": "''", "/a-b_c.d": "/a-b_c.d", "a b": "'a b'", "it's": `'it'\''s'`,
		"$(x)": "'$(x)'", "~": "'~'", "é": "'é'"} {
		if got := text.ShellQuote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
