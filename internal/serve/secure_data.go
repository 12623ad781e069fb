package serve

import (
	"context"
	"strings"
)

// SecureData is the response of GET /secure-data: who called, from the valid token.
// Members that the token lacks are null.
type SecureData struct {
	Message  string  `json:"message" doc:"Always the same." example:"Access granted"`
	ClientID *string `json:"client_id" doc:"The app that called: azp of a v2.0 token, appid of a v1.0 token."`
	// Scopes are those of a user's token, joined by spaces as in scp. App-only
	// tokens have none.
	//nolint:lll // a tag is one line
	Scopes *string  `json:"scopes" doc:"The scopes of a user's token, joined by spaces as in scp. Null for an app's own token, which has none."`
	Roles  []string `json:"roles" doc:"The app roles in the token. Null if it has none."`
}

func secureData(ctx context.Context, _ *noInput) (*reply[SecureData], error) {
	token, _ := TokenFrom(ctx)
	answer := &reply[SecureData]{SecureData{Message: "Access granted", Roles: token.Roles}}
	if token.ClientID != "" {
		answer.Body.ClientID = &token.ClientID
	}
	if token.Scopes != nil {
		scopes := strings.Join(token.Scopes, " ")
		answer.Body.Scopes = &scopes
	}
	return answer, nil
}
