package identity

import (
	"net/http"
	"time"

	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/refusal"
)

// The texts of App Service, as quoted in issues. It does not say what is wrong with a
// resource.
const (
	appServiceNotFound = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
	appServiceVague    = "An unexpected error occured while fetching the AAD Token."
)

// appService is the protocol of api-version 2019-08-01.
func appService() protocol {
	return protocol{
		admit: func(e *Endpoint, r *http.Request) *problem {
			switch version := r.URL.Query().Get("api-version"); {
			case version != "2019-08-01":
				return &problem{http.StatusBadRequest, "", "Unsupported api-version '" + cut(version) + "'; supported are 2017-09-01 and 2019-08-01."}
			case !sameSecret(r.Header.Get("X-IDENTITY-HEADER"), e.Header):
				return &problem{http.StatusUnauthorized, "", "The header X-IDENTITY-HEADER is missing or has another value than IDENTITY_HEADER."}
			}
			return nil
		},
		byClient: []string{"client_id"}, byObject: []string{"principal_id", "object_id"}, byResource: []string{"mi_res_id", "msi_res_id"},
		problemOf: func(*refusal.Refusal) *problem { return &problem{http.StatusInternalServerError, "", appServiceVague} },
		writeToken: func(w http.ResponseWriter, identity *directory.Client, resource string, t Token) {
			writeJSON(w, http.StatusOK, appServiceToken{
				t.Value.Reveal(), identity.ID, seconds(t.Expires), seconds(t.NotBefore), resource, "Bearer",
			})
		},
		write: writeAppServiceProblem,
	}
}

// oldAppService is the protocol of api-version 2017-09-01: another header, and times
// as text.
func oldAppService() protocol {
	p := appService()
	p.admit = func(e *Endpoint, r *http.Request) *problem {
		if !sameSecret(r.Header.Get("secret"), e.Header) {
			return &problem{http.StatusUnauthorized, "", "The header secret is missing or has another value than MSI_SECRET."}
		}
		return nil
	}
	p.byClient = []string{"clientid"}
	p.writeToken = func(w http.ResponseWriter, _ *directory.Client, resource string, t Token) {
		writeJSON(w, http.StatusOK, oldAppServiceToken{
			t.Value.Reveal(), time.Unix(t.Expires, 0).UTC().Format("01/02/2006 15:04:05 -07:00"), resource, "Bearer",
		})
	}
	return p
}

// appServiceToken is an answer; its times are texts.
type appServiceToken struct {
	AccessToken string `json:"access_token"`
	ClientID    string `json:"client_id"`
	ExpiresOn   string `json:"expires_on"`
	NotBefore   string `json:"not_before"`
	Resource    string `json:"resource"`
	TokenType   string `json:"token_type"`
}

type oldAppServiceToken struct {
	AccessToken string `json:"access_token"`
	ExpiresOn   string `json:"expires_on"`
	Resource    string `json:"resource"`
	TokenType   string `json:"token_type"`
}

func writeAppServiceProblem(w http.ResponseWriter, p *problem) {
	message := p.text
	switch message {
	case "", severalText: // App Service has one text for both
		message = appServiceNotFound
	}
	writeJSON(w, p.status, struct {
		Status        int    `json:"statusCode"`
		Message       string `json:"message"`
		CorrelationID string `json:"correlationId"`
	}{p.status, message, directory.NewGUID()})
}
