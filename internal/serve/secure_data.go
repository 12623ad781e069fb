package serve

import (
	"net/http"
	"strings"
)

// SecureData is the answer of GET /secure-data: who called, as the believed
// token says. What the token does not say is null.
type SecureData struct {
	Message  string  `json:"message"`
	ClientID *string `json:"client_id"`
	// Scopes are those of a user's token, joined by spaces as in scp. App-only
	// tokens have none.
	Scopes *string  `json:"scopes"`
	Roles  []string `json:"roles"`
}

func secureData(w http.ResponseWriter, r *http.Request) {
	token, _ := TokenFrom(r.Context())
	data := SecureData{Message: "Access granted", Roles: token.Roles}
	if token.ClientID != "" {
		data.ClientID = &token.ClientID
	}
	if token.Scopes != nil {
		scopes := strings.Join(token.Scopes, " ")
		data.Scopes = &scopes
	}
	writeJSON(w, "application/json", http.StatusOK, data)
}
