package serve

import (
	_ "embed" // the document
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"m2m/internal/verify"
)

// document is the OpenAPI document of the API as far as it can be told before
// it runs. The tests make it of the handlers: see typed.
//
//go:embed openapi.json
var document string

// tokenScheme is the name of the security scheme in the document.
const tokenScheme = "token"

// describe completes the document with what only the running API knows: which
// build it is, and who may call.
func describe(c Config) ([]byte, error) {
	var d map[string]any
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		return nil, fmt.Errorf("the OpenAPI document: %w", err)
	}
	who := whoMayCall(c.Policy)
	put(d, c.Version, "info", "version")
	put(d, schemeWords(c.Policy, who), "components", "securitySchemes", tokenScheme, "description")
	paths, _ := d["paths"].(map[string]any)
	for _, path := range paths {
		for _, operation := range path.(map[string]any) {
			if o := operation.(map[string]any); o["security"] != nil {
				o["security"] = requirements(c.Policy)
				o["description"] = fmt.Sprint(o["description"], "\n\n", who)
			}
		}
	}
	return json.Marshal(d)
}

// put replaces one text of a document, deep inside it.
func put(in map[string]any, text string, path ...string) {
	for _, name := range path[:len(path)-1] {
		in, _ = in[name].(map[string]any)
	}
	if in != nil {
		in[path[len(path)-1]] = text
	}
}

// requirements are the alternatives of which a caller meets one. OpenAPI 3.1
// lets a requirement of any scheme name roles, all of which are then needed.
func requirements(p verify.Policy) []map[string][]string {
	var any []map[string][]string
	for _, names := range [][]string{p.Roles, p.Scopes} {
		if p.RequireAll && len(names) > 0 {
			any = append(any, map[string][]string{tokenScheme: names})
			continue
		}
		for _, name := range names {
			any = append(any, map[string][]string{tokenScheme: {name}})
		}
	}
	if len(any) == 0 {
		any = []map[string][]string{{tokenScheme: {}}}
	}
	return any
}

// whoMayCall puts the policy into words, in Markdown as the document's are.
func whoMayCall(p verify.Policy) string {
	joiner := " or "
	if p.RequireAll {
		joiner = " and "
	}
	var words []string
	switch {
	case len(p.Roles) > 0:
		words = append(words, "An app needs the role "+codes(p.Roles, joiner)+" in its token.")
	case len(p.Scopes) == 0:
		words = append(words, "Any app of the tenant may call.")
	}
	switch {
	case len(p.Scopes) > 0:
		words = append(words, "A user's token needs the scope "+codes(p.Scopes, joiner)+".")
	case p.AllowUser:
		words = append(words, "Users' tokens are let in.")
	default:
		words = append(words, "Users' tokens are not let in.")
	}
	if len(p.Clients) > 0 {
		words = append(words, "Only apps on the API's list may call.")
	}
	return strings.Join(words, " ")
}

// schemeWords say how to come by a token. What they name every caller knows.
func schemeWords(p verify.Policy, who string) string {
	words := "An access token of Microsoft Entra ID, without `Bearer` in front. " + who
	if len(p.Audiences) > 0 && !p.AnyAudience {
		words += "\n\nGet one with `m2m token --scope " + p.Audiences[0] + "/.default`"
	}
	return words
}

// codes lists names as code.
func codes(names []string, joiner string) string {
	return "`" + strings.Join(names, "`"+joiner+"`") + "`"
}

// openAPI serves the document.
func (a *API) openAPI(w http.ResponseWriter, _ *http.Request) {
	writeBody(w, "application/json", http.StatusOK, a.document)
}
