package tenant

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"m2m/internal/entra"
	"m2m/internal/tenant/control"
	"m2m/internal/tenant/credential"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/mint"
	"m2m/internal/tenant/refusal"
)

func FuzzForm(f *testing.F) {
	f.Add("grant_type=client_credentials&client_id=a&client_secret=b&scope=api%3A%2F%2Fx%2F.default", "", true)
	f.Add("grant_type=client_credentials&resource=x&client_assertion=a.b.c%0A", "Basic YTpi", false)
	f.Add("scope=%zz;a", "basic", true)
	f.Add("grant_type=client_credentials&client_id=a&scope=b/.default&claims=%7B%22access_token%22%3A%7B%22xms_cc%22%3A%7B%22values%22%3A%5B%22cp1%22%5D%7D%7D%7D", "", true)
	f.Fuzz(func(t *testing.T, body, authorization string, v2 bool) {
		v := entra.V1
		if v2 {
			v = entra.V2
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", formType)
		form, refused := readForm(httptest.NewRecorder(), r)
		if refused != nil {
			checkRefusal(t, refused)
			return
		}
		parsed, refused := parseForm(v, form, authorization)
		if refused != nil {
			checkRefusal(t, refused)
			return
		}
		if parsed.clientID == "" || parsed.resource == "" {
			t.Errorf("accepted without a client or a resource: %q", body)
		}
		if (parsed.kind == credential.None) != parsed.value.IsZero() {
			t.Errorf("kind %s with credential present: %t", parsed.kind, !parsed.value.IsZero())
		}
	})
}

// checkRefusal says whether a refusal can be sent: short, one line, text.
func checkRefusal(t *testing.T, r *refusal.Refusal) {
	t.Helper()
	if r.Code == 0 || r.Word == "" || r.Status < 400 {
		t.Errorf("a refusal without code, word or status: %+v", r)
	}
	if len(r.Reason) > 1200 || strings.ContainsAny(r.Reason, "\r\n\x00\x1b") || !utf8.ValidString(r.Reason) {
		t.Errorf("AADSTS%d says %q", r.Code, r.Reason)
	}
}

func FuzzScope(f *testing.F) {
	for _, seed := range []string{"api://x/.default", "api://x/.default openid offline_access profile",
		"https://v//.default", "/.default", "a/.default b/.default", "", "\x00/.default"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, scope string) {
		resource, refused := parseScope(scope)
		if refused != nil {
			checkRefusal(t, refused)
			return
		}
		if resource == "" || !entra.IsScopeToken(resource) || !strings.Contains(scope, resource+defaultScope) {
			t.Errorf("scope %q asks for %q", scope, resource)
		}
	})
}

func FuzzBasic(f *testing.F) {
	f.Add("Basic YTpi", "id", "secret")
	f.Add("basic  YTpi=", "id%41", "se:cret")
	f.Add("Bearer x", "", "~.-_")
	f.Fuzz(func(t *testing.T, header, id, secret string) {
		parseBasic(header)
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
		gotID, gotSecret, ok := parseBasic(r.Header.Get("Authorization"))
		if !ok || gotID != id || gotSecret != secret {
			t.Errorf("%q, %q came back as %q, %q, %t", id, secret, gotID, gotSecret, ok)
		}
	})
}

func FuzzTenantSegment(f *testing.F) {
	i := &Server{maker: mint.Maker{Directory: directory.New([]directory.Tenant{directory.Builtin()})}}
	f.Add("common")
	f.Add("BCCA9397-21FA-44B1-A33D-6669FB9EF64D")
	f.Add("your-tenant-id")
	f.Fuzz(func(t *testing.T, segment string) {
		tenant, refused := i.findTenant(segment)
		if (tenant == nil) == (refused == nil) {
			t.Errorf("%q: tenant %v, refusal %v", segment, tenant, refused)
		}
		if refused != nil {
			checkRefusal(t, refused)
		}
	})
}

func FuzzInstanceDiscovery(f *testing.F) {
	i := &Server{maker: mint.Maker{Origin: "https://127.0.0.1:8443"}}
	f.Add("https://login.microsoftonline.com/common/oauth2/v2.0/authorize")
	f.Add("https://127.0.0.1:8443/x/oauth2/authorize")
	f.Add("//login.microsoftonline.com")
	f.Fuzz(func(t *testing.T, endpoint string) {
		u, err := url.Parse(endpoint)
		if err != nil || !i.knowsHost(u) {
			return
		}
		got, err := url.Parse(tenantDiscovery(u))
		if err != nil || got.Scheme != "https" || !strings.EqualFold(got.Host, u.Host) {
			t.Errorf("%q leads to %q", endpoint, tenantDiscovery(u))
		}
	})
}

// Whatever the control endpoint is sent, it answers with a token of three parts
// or with a refusal that has a name.
func FuzzControlMint(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"kind":"graph"}`, `{"key":"embedded","alg":"HS512","version":"1.0"}`,
		`{"claims":{"aud":["a","b"],"\u0000":1},"without":["tid"]}`, `{"header":{"kid":null,"":""},"without_header":["alg"]}`,
		`{"payload":"\n","nonce":"n","time":"expired"}`, `{"client":"\ud800"}`, `[]`, `{"payload_base64":"/w=="}`,
	} {
		f.Add([]byte(seed))
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { ln.Close() })
	key := control.NewKey()
	i, err := New(ln, Config{Tenants: []directory.Tenant{directory.Builtin()}, ControlKey: key})
	if err != nil {
		f.Fatal(err)
	}
	handler := i.handler()
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, i.ControlURL()+"mint",
			bytes.NewReader(body)) // an https URL makes TLS of it
		r.Header.Set("Authorization", "Bearer "+key.Reveal())
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		var minted control.Minted
		var refused control.Error
		switch {
		case w.Code == http.StatusOK && json.Unmarshal(w.Body.Bytes(), &minted) == nil &&
			strings.Count(minted.Token, ".") == 2:
		case w.Code == http.StatusBadRequest && json.Unmarshal(w.Body.Bytes(), &refused) == nil && refused.Word != "" &&
			refused.Reason != "" && len(refused.Reason) < 1200:
		default:
			t.Errorf("%q: HTTP %d %s", body, w.Code, w.Body)
		}
	})
}
