package probetest

import (
	"encoding/json"
	"net/http"
)

// metadataHoles lead clients to another server.
func metadataHoles() []Hole {
	const document, evil = "/.well-known/oauth-protected-resource", "https://evil.example"
	// published answers with a metadata document.
	published := func(name, path string, of func(g *Gate, r *http.Request) (resource, server string)) Hole {
		return Hole{Name: name, Answer: func(g *Gate, w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != path {
				return false
			}
			resource, server := of(g, r)
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]any{"resource": resource, "authorization_servers": []string{server}})
			return true
		}}
	}
	// challenging answers a request without a token.
	challenging := func(name string, host func(*http.Request) string) Hole {
		return Hole{Name: name, Answer: func(_ *Gate, w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Authorization") != "" || r.URL.Path != "/stock" {
				return false
			}
			w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="http://`+host(r)+document+`/stock"`)
			http.Error(w, "no", http.StatusUnauthorized)
			return true
		}}
	}
	byHost := func(r *http.Request) string { return r.Host }
	forwarded := func(r *http.Request) string {
		if host := r.Header.Get("X-Forwarded-Host"); host != "" {
			return host
		}
		return "127.0.0.1"
	}
	named := func(host func(*http.Request) string) func(*Gate, *http.Request) (string, string) {
		return func(g *Gate, r *http.Request) (string, string) { return "http://" + host(r) + "/stock", g.issuer.Name }
	}
	return []Hole{
		published("metadata-server", document+"/stock",
			func(*Gate, *http.Request) (string, string) { return "http://127.0.0.1/stock", evil }),
		published("metadata-server-root", document, func(*Gate, *http.Request) (string, string) { return "http://127.0.0.1", evil }),
		published("metadata-resource", document+"/stock", func(g *Gate, _ *http.Request) (string, string) { return evil, g.issuer.Name }),
		challenging("challenge-resource", func(*http.Request) string { return "evil.example" }),
		published("metadata-host", document+"/stock", named(byHost)), published("metadata-forwarded", document+"/stock", named(forwarded)),
		published("metadata-host-root", document, named(byHost)), published("metadata-forwarded-root", document, named(forwarded)),
		challenging("challenge-host", byHost), challenging("challenge-forwarded", forwarded),
	}
}
