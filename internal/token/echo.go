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

// withoutSecrets removes the secrets of the request from the texts of an answer
// that grants nothing, because those texts are shown. Entra never repeats them,
// but another server may. What is not JSON is never shown.
func withoutSecrets(req *http.Request, status int, body []byte) []byte {
	proof := secretsOf(req)
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // so that nothing else of it changes
	var answer any
	if len(proof) == 0 || decoder.Decode(&answer) != nil || status < 300 && !namesError(answer) {
		return body
	}
	clean, err := json.Marshal(mapTexts(answer, strings.NewReplacer(proof...).Replace))
	if err != nil {
		return body // unreachable: it was JSON
	}
	return clean
}

// secretsOf returns the secrets in the form of a token request, plain and as the
// form encodes them, each followed by what to show instead.
func secretsOf(req *http.Request) (proof []string) {
	if req.GetBody == nil {
		return nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(body) // MSAL's, from memory
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

// mapTexts changes every text in a JSON value, but not the names.
func mapTexts(value any, change func(string) string) any {
	switch v := value.(type) {
	case string:
		return change(v)
	case []any:
		for i := range v {
			v[i] = mapTexts(v[i], change)
		}
	case map[string]any:
		for name := range v {
			v[name] = mapTexts(v[name], change)
		}
	}
	return value
}
