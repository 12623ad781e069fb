package token

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"m2m/internal/entra"
)

// withoutEcho takes what the request proved itself with out of the texts of an
// answer that grants nothing, because those texts are shown. Entra never repeats
// it, but what answers in Entra's place may. What is not JSON is never shown.
func withoutEcho(req *http.Request, status int, body []byte) []byte {
	proof := proofOf(req)
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // so that nothing else of it changes
	var answer any
	if len(proof) == 0 || decoder.Decode(&answer) != nil || status < 300 && !namesError(answer) {
		return body
	}
	clean, err := json.Marshal(eachText(answer, strings.NewReplacer(proof...).Replace))
	if err != nil {
		return body // unreachable: it was JSON
	}
	return clean
}

// proofOf returns the secrets in the form of a token request, plain and as the
// form writes them, each with what to show in its place.
func proofOf(req *http.Request) (proof []string) {
	if req.GetBody == nil {
		return nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(body) // of MSAL's, from memory
	form, _ := url.ParseQuery(string(text))
	for _, name := range []string{"client_secret", "client_assertion"} {
		if value := form.Get(name); value != "" {
			hidden := entra.NewSecret(value).String()
			proof = append(proof, value, hidden, url.QueryEscape(value), hidden)
		}
	}
	return proof
}

// namesError reports whether an answer is a refusal in spite of its status.
func namesError(answer any) bool {
	members, _ := answer.(map[string]any)
	for name := range members {
		if strings.EqualFold(name, "error") { // as encoding/json takes it
			return true
		}
	}
	return false
}

// eachText changes every text in a JSON value, but not the names.
func eachText(value any, change func(string) string) any {
	switch v := value.(type) {
	case string:
		return change(v)
	case []any:
		for i := range v {
			v[i] = eachText(v[i], change)
		}
	case map[string]any:
		for name := range v {
			v[name] = eachText(v[name], change)
		}
	}
	return value
}
