package serve

import (
	_ "embed" // the document
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"m2m/internal/verify"
)

// document is the part of the OpenAPI document that is known before the API runs.
// A test generates it from the handlers: see typed.
//
//go:embed openapi.json
var document string

// tokenScheme is the name of the security scheme in the document.
const tokenScheme = "token"

// describe completes the document with what only the running API knows: its version
// and who may call.
func describe(c Config) ([]byte, error) {
	var d map[string]any
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		return nil, fmt.Errorf("the OpenAPI document: %w", err)
	}
	who := whoMayCall(c.Policy)
	put(d, c.Version, "info", "version")
	put(d, schemeWords(c, who), "components", "securitySchemes", tokenScheme, "description")
	paths, _ := d["paths"].(map[string]any)
	for _, path := range paths {
		for _, operation := range path.(map[string]any) {
			if o := operation.(map[string]any); o["security"] != nil {
				o["security"] = securityRequirements(c.Policy)
				o["description"] = fmt.Sprint(o["description"], "\n\n", who)
			}
		}
	}
	return json.Marshal(d)
}

// put sets the string at path in a document.
func put(in map[string]any, text string, path ...string) {
	for _, name := range path[:len(path)-1] {
		in, _ = in[name].(map[string]any)
	}
	if in != nil {
		in[path[len(path)-1]] = text
	}
}

// securityRequirements returns the alternatives, of which a caller meets one. In
// OpenAPI 3.1 a requirement of any scheme may name roles, which are all needed.
func securityRequirements(p verify.Policy) []map[string][]string {
	var alternatives []map[string][]string
	for _, names := range [][]string{p.Roles, p.Scopes} {
		if p.RequireAll && len(names) > 0 {
			alternatives = append(alternatives, map[string][]string{tokenScheme: names})
			continue
		}
		for _, name := range names {
			alternatives = append(alternatives, map[string][]string{tokenScheme: {name}})
		}
	}
	if len(alternatives) == 0 {
		alternatives = []map[string][]string{{tokenScheme: {}}}
	}
	return alternatives
}

// whoMayCall describes the policy in Markdown.
func whoMayCall(p verify.Policy) string {
	joiner := " or "
	if p.RequireAll {
		joiner = " and "
	}
	var words []string
	switch {
	case len(p.Roles) > 0:
		words = append(words, "An app needs the role "+codeList(p.Roles, joiner)+" in its token.")
	case len(p.Scopes) == 0:
		words = append(words, "Any app of the tenant may call.")
	}
	switch {
	case len(p.Scopes) > 0:
		words = append(words, "A user's token needs the scope "+codeList(p.Scopes, joiner)+".")
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

// schemeWords describes how to get a token.
func schemeWords(c Config, who string) string {
	words := "An access token of Microsoft Entra ID, without `Bearer` in front. " + who
	if c.TokenCommand != "" {
		words += "\n\nGet one with `" + c.TokenCommand + "`"
	}
	return words
}

// codeList joins names formatted as code.
func codeList(names []string, joiner string) string {
	return "`" + strings.Join(names, "`"+joiner+"`") + "`"
}

// openAPI serves the document.
func (a *API) openAPI(w http.ResponseWriter, _ *http.Request) {
	writeBody(w, "application/json", http.StatusOK, a.document)
}
