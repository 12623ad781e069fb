package identity

import (
	"fmt"
	"net/http"
	"strings"

	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/refusal"
)

// The texts of IMDS, as quoted in issues.
const (
	imdsNotFound = "Identity not found"
	severalText  = "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"
)

// imds is the protocol of the Instance Metadata Service, api-version 2018-02-01.
func imds() protocol {
	return protocol{
		admit: func(_ *Endpoint, r *http.Request) *problem {
			switch {
			case r.Header.Get("Metadata") != "true":
				return &problem{http.StatusBadRequest, "bad_request_102", "Required metadata header not specified"}
			case r.Header.Get("X-Forwarded-For") != "":
				return &problem{http.StatusBadRequest, "bad_request_102", "Requests through a proxy are not answered"}
			case r.URL.Query().Get("api-version") == "":
				return &problem{http.StatusBadRequest, "invalid_request", "Required query variable 'api-version' is missing"}
			}
			return nil
		},
		byClient: []string{"client_id"}, byObject: []string{"object_id", "principal_id"}, byResource: []string{"msi_res_id", "mi_res_id"},
		anyUser: true,
		problemOf: func(r *refusal.Refusal) *problem {
			return &problem{http.StatusBadRequest, r.Word, fmt.Sprintf("AADSTS%d: %s", r.Code, r.Reason)}
		},
		writeToken: func(w http.ResponseWriter, identity *directory.Client, resource string, t Token) {
			w.Header().Set("Server", imdsServer)
			in := seconds(t.ExpiresIn)
			writeJSON(w, http.StatusOK, imdsToken{
				t.Value.Reveal(), identity.ID, in, seconds(t.Expires), in, seconds(t.NotBefore), resource, "Bearer",
			})
		},
		write: writeIMDSProblem,
	}
}

const imdsServer = "IMDS/150.870.65.1854"

// imdsToken is an answer; its numbers are texts.
type imdsToken struct {
	AccessToken  string `json:"access_token"`
	ClientID     string `json:"client_id"`
	ExpiresIn    string `json:"expires_in"`
	ExpiresOn    string `json:"expires_on"`
	ExtExpiresIn string `json:"ext_expires_in"`
	NotBefore    string `json:"not_before"`
	Resource     string `json:"resource"`
	TokenType    string `json:"token_type"`
}

func writeIMDSProblem(w http.ResponseWriter, p *problem) {
	text := p.text
	if text == "" {
		text = imdsNotFound
	}
	w.Header().Set("Server", imdsServer)
	writeJSON(w, p.status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{p.word, text})
}

// Failure is one way in which the endpoints fail on request.
type Failure string

// The failures.
const (
	NotFound Failure = "not-found" // the identity is not assigned to the machine
	Several  Failure = "several"   // several are, and the request names none
	Vague    Failure = "vague"     // 500 without a reason
)

// Fail answers with a failure, or with a status for which there is no other text, in
// the words of the endpoint at the path of the request.
func Fail(w http.ResponseWriter, r *http.Request, failure Failure, status int) {
	write := writeAppServiceProblem
	if strings.HasPrefix(r.URL.Path, IMDSPath) {
		write = writeIMDSProblem
	}
	switch failure {
	case NotFound:
		write(w, &problem{http.StatusBadRequest, "invalid_request", ""})
	case Several:
		write(w, &problem{http.StatusBadRequest, "invalid_request", severalText})
	case Vague:
		write(w, &problem{http.StatusInternalServerError, "unknown", appServiceVague})
	default:
		write(w, &problem{status, "unknown", http.StatusText(status) + " (a fault on request)"})
	}
}
