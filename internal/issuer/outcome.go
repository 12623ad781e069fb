package issuer

import (
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/credential"
)

// TokenRequest is what became of one request at a token endpoint. It holds no
// secret and no token. What the client sent is bounded in length and otherwise
// as it came: quote it where it is printed.
type TokenRequest struct {
	// Time is when the answer was decided, by the tenant's clock.
	Time time.Time
	// Endpoint is the generation of the endpoint, not of the token.
	Endpoint entra.Version
	// Tenant is the tenant as the URL gave it.
	Tenant string
	// ClientID is what the client called itself; ClientName is the display
	// name of the app with that ID, empty if there is none.
	ClientID, ClientName string
	// Credential is the kind that was sent.
	Credential credential.Kind
	// Resource is what the token was asked for: the scope less /.default, or
	// the resource of v1.0.
	Resource string
	// Status is the HTTP status of the answer.
	Status int
	// Code is the AADSTS code; 0 means that a token was issued.
	Code int
	// Error is the OAuth error word and Reason our text; both empty if a token
	// was issued.
	Error, Reason string
	// TraceID and CorrelationID are those of the answer.
	TraceID, CorrelationID string
}
