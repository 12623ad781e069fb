package call_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"m2m/internal/call"
)

const metadataIssuer = "https://login.microsoftonline.com/6d1f2c7e-93b4-4b0c-8f5a-2e7710c4a9d3/v2.0"

// TestFindScope asks APIs for their metadata, honest and hostile ones. ORIGIN stands for
// the API's own origin.
func TestFindScope(t *testing.T) {
	document := func(resource, server string, scopes ...string) string {
		return fmt.Sprintf(`{"resource":%q,"authorization_servers":[%q],"scopes_supported":[%s]}`, resource, server,
			strings.Join(scopes, ","))
	}
	const path, root = "/.well-known/oauth-protected-resource/mcp/x", "/.well-known/oauth-protected-resource"
	own := document("ORIGIN/mcp", metadataIssuer, `"ORIGIN/mcp/.default"`)
	for name, tt := range map[string]struct {
		documents map[string]string // by path; one that begins with a digit is a status
		want      string            // the scope; empty for an error
		offered   string
	}{
		"at the path":              {map[string]string{path: own}, "ORIGIN/mcp/.default", ""},
		"at the root":              {map[string]string{root: document("ORIGIN", metadataIssuer, `"ORIGIN/.default"`)}, "ORIGIN/.default", ""},
		"the path before the root": {map[string]string{path: own, root: "{}"}, "ORIGIN/mcp/.default", ""},
		"the same path": {map[string]string{path: document("ORIGIN/mcp/x", metadataIssuer, `"ORIGIN/mcp/x/.default"`)},
			"ORIGIN/mcp/x/.default", ""},
		"none": {nil, "", ""},
		"Graph's scope": {map[string]string{path: document("ORIGIN/mcp", metadataIssuer, `"https://graph.microsoft.com/.default"`)}, "",
			"https://graph.microsoft.com/.default"},
		"Graph's resource": {map[string]string{path: document("https://graph.microsoft.com", metadataIssuer,
			`"https://graph.microsoft.com/.default"`)}, "", "https://graph.microsoft.com/.default"},
		"an App ID URI": {map[string]string{path: document("ORIGIN/mcp", metadataIssuer, `"api://orders/.default"`)}, "", "api://orders/.default"},
		"another tenant": {map[string]string{path: document("ORIGIN/mcp", strings.Replace(metadataIssuer, "6d1f", "6d1e", 1),
			`"ORIGIN/mcp/.default"`)}, "", "ORIGIN/mcp/.default"},
		"no server":            {map[string]string{path: `{"resource":"ORIGIN/mcp","scopes_supported":["ORIGIN/mcp/.default"]}`}, "", "ORIGIN/mcp/.default"},
		"a prefix of letters":  {map[string]string{path: document("ORIGIN/mc", metadataIssuer, `"ORIGIN/mc/.default"`)}, "", "ORIGIN/mc/.default"},
		"a longer path":        {map[string]string{path: document("ORIGIN/mcp/x/y", metadataIssuer, `"ORIGIN/mcp/x/y/.default"`)}, "", "ORIGIN/mcp/x/y/.default"},
		"a slash at the end":   {map[string]string{path: document("ORIGIN/mcp/", metadataIssuer, `"ORIGIN/mcp//.default"`)}, "", "ORIGIN/mcp//.default"},
		"dots":                 {map[string]string{path: document("ORIGIN/mcp/../mcp", metadataIssuer, `"ORIGIN/mcp/../mcp/.default"`)}, "", "ORIGIN/mcp/../mcp/.default"},
		"a longer host":        {map[string]string{path: document("ORIGIN.evil.test/mcp", metadataIssuer, `"ORIGIN.evil.test/mcp/.default"`)}, "", "ORIGIN.evil.test/mcp/.default"},
		"a user in the host":   {map[string]string{path: document("ORIGIN@evil.test/mcp", metadataIssuer, `"ORIGIN@evil.test/mcp/.default"`)}, "", "ORIGIN@evil.test/mcp/.default"},
		"two scopes":           {map[string]string{path: document("ORIGIN/mcp", metadataIssuer, `"ORIGIN/mcp/.default"`, `"Mail.Read"`)}, "", ""},
		"a delegated scope":    {map[string]string{path: document("ORIGIN/mcp", metadataIssuer, `"ORIGIN/mcp/read"`)}, "", "ORIGIN/mcp/read"},
		"no JSON":              {map[string]string{path: "<html>"}, "", ""},
		"resource not a text":  {map[string]string{path: `{"resource":["ORIGIN"]}`}, "", ""},
		"a redirect elsewhere": {map[string]string{path: "302"}, "", ""},
		"too large":            {map[string]string{path: own + strings.Repeat(" ", 70_000)}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var server *httptest.Server
			server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.Header.Get("Authorization") != "" || r.ContentLength > 0 || r.Header.Get("X-Api-Key") != "" {
					t.Errorf("the metadata request is %s with %v", r.Method, r.Header)
				}
				switch body, found := tt.documents[r.URL.Path]; {
				case !found:
					http.NotFound(w, r)
				case body == "302":
					http.Redirect(w, r, "/elsewhere", http.StatusFound)
				case r.URL.Path == "/elsewhere":
					t.Error("the redirect was followed")
				default:
					_, _ = w.Write([]byte(strings.ReplaceAll(body, "ORIGIN", server.URL)))
				}
			}))
			defer server.Close()
			target, _ := url.Parse(server.URL + "/mcp/x?a=b")
			scope, err := call.FindScope(context.Background(), http.DefaultTransport, target, metadataIssuer)
			want, offered := strings.ReplaceAll(tt.want, "ORIGIN", server.URL), strings.ReplaceAll(tt.offered, "ORIGIN", server.URL)
			if scope != want || (err == nil) != (want != "") {
				t.Errorf("scope %q, %v; want %q", scope, err, want)
			}
			var offer *call.OfferError
			if errors.As(err, &offer) && offer.Scope != offered || offered != "" && offer == nil {
				t.Errorf("offered %+v, want %q", offer, offered)
			}
		})
	}
}
