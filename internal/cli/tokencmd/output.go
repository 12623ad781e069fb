package tokencmd

import (
	"io"
	"time"

	"m2m/internal/cli"
	"m2m/internal/token"
)

// tokenForms are what -o of token takes, the default first.
func tokenForms() []string { return []string{"raw", "json", "header", "curl", "exec-credential"} }

// issuedToken is a token together with what it was asked with.
type issuedToken struct {
	token.Token
	tenant, clientID, scope string
}

// tokenDocumentJSON is the JSON of `token -o json`. Its keys are stable.
type tokenDocumentJSON struct {
	AccessToken string       `json:"access_token"`
	TokenType   string       `json:"token_type"`
	ExpiresOn   int64        `json:"expires_on"`
	ExpiresAt   string       `json:"expires_at"`
	TenantID    string       `json:"tenant_id"`
	ClientID    string       `json:"client_id"`
	Scope       string       `json:"scope"`
	Source      token.Source `json:"source"`
}

// execCredential is what kubectl and other users of client-go expect of a
// credential plugin: client.authentication.k8s.io/v1.
type execCredential struct {
	APIVersion string               `json:"apiVersion"`
	Kind       string               `json:"kind"`
	Status     execCredentialStatus `json:"status"`
}

type execCredentialStatus struct {
	ExpirationTimestamp string `json:"expirationTimestamp"`
	Token               string `json:"token"`
}

// write prints the token in one of tokenForms, and nothing else.
func (t issuedToken) write(w io.Writer, form string) error {
	bearer := t.Access.Reveal()
	switch form {
	case "json":
		return cli.WriteJSON(w, t.document())
	case "header":
		return cli.WriteLine(w, "Authorization: Bearer "+bearer)
	case "curl":
		return cli.WriteLine(w, `header = "Authorization: Bearer `+bearer+`"`)
	case "exec-credential":
		return cli.WriteJSON(w, execCredential{
			APIVersion: "client.authentication.k8s.io/v1",
			Kind:       "ExecCredential",
			Status:     execCredentialStatus{t.ExpiresOn.UTC().Format(time.RFC3339), bearer},
		})
	}
	return cli.WriteLine(w, bearer)
}

func (t issuedToken) document() tokenDocumentJSON {
	return tokenDocumentJSON{
		AccessToken: t.Access.Reveal(),
		TokenType:   t.Type,
		ExpiresOn:   t.ExpiresOn.Unix(),
		ExpiresAt:   t.ExpiresOn.UTC().Format(time.RFC3339),
		TenantID:    t.tenant,
		ClientID:    t.clientID,
		Scope:       t.scope,
		Source:      t.Source,
	}
}
