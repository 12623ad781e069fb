package control

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/credential"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/keyring"
)

// Path begins the paths of the control endpoint. No tenant's name begins with a
// dot, so no URL of Entra is like it.
const Path = "/.m2m/control/"

// Access is how to reach the control endpoint of a running tenant.
type Access struct {
	// URL is its address, which ends in a slash: state, faults, keys, clock and
	// mint follow it.
	URL string `json:"url"`
	// Key opens it. It is not an entra.Secret, because JSON has to carry it.
	Key string `json:"key"`
	// CAFile names the PEM file of the CA that signed the tenant's certificate.
	CAFile string `json:"ca_file"`
}

// State is what a running tenant reports about itself.
type State struct {
	// Origin is what tokens and documents name.
	Origin string `json:"origin"`
	// Tenants are the tenants' IDs.
	Tenants []string `json:"tenants"`
	// Apps are the registrations and managed identities of every tenant.
	Apps []App `json:"apps"`
	// Keys are all keys that still exist, the signing one first.
	Keys []keyring.State `json:"keys"`
	// KeySet is what the keys' address answers with.
	KeySet keyring.Mode `json:"key_set"`
	// Clock is how far the tenant's clock is ahead, such as "10m".
	Clock string `json:"clock"`
	// Faults are those in force, in the order in which they were asked for but
	// for clock and keys, which come first.
	Faults []fault.State `json:"faults"`
	// Requests are the last MaxRequests token requests, the oldest first.
	Requests []TokenRequest `json:"requests"`
}

// App is a registration, managed identity or agent identity.
type App struct {
	Tenant string  `json:"tenant"`
	Kind   AppKind `json:"kind"`
	ID     string  `json:"id"`
	Name   string  `json:"name,omitempty"`
	// URIs are the App ID URIs of an API.
	URIs []string `json:"uris,omitempty"`
	// Roles are those that an API has, or that a client was granted, as
	// API/ROLE.
	Roles []string `json:"roles,omitempty"`
	// Blueprint is the ID of the client that an agent identity belongs to.
	Blueprint string `json:"blueprint,omitempty"`
	// ResourceID is that of a managed identity.
	ResourceID string `json:"resource_id,omitempty"`
}

// AppKind is what kind of thing an App is.
type AppKind string

// The kinds.
const (
	KindAPI            AppKind = "api"
	KindClient         AppKind = "client"
	KindBlueprint      AppKind = "blueprint"
	KindSystemIdentity AppKind = "system-assigned identity"
	KindUserIdentity   AppKind = "user-assigned identity"
	KindAgent          AppKind = "agent identity"
)

// MaxRequests is how many token requests a tenant remembers.
const MaxRequests = 50

// TokenRequest is one request for a token and its answer. It holds no secret and no
// token. What the client sent is cut to 128 bytes and otherwise as it came: quote it
// where it is printed.
type TokenRequest struct {
	// Number counts the requests of the tenant, from 1.
	Number int `json:"number"`
	// Time is when the answer was decided, by the tenant's clock.
	Time time.Time `json:"time"`
	// Endpoint is the version of the token endpoint, not of the token; empty for a
	// managed identity.
	Endpoint entra.Version `json:"endpoint,omitempty"`
	// Tenant is the tenant as the URL gave it.
	Tenant string `json:"tenant,omitempty"`
	// ClientID is the ID that the client sent; ClientName is the display
	// name of the app with that ID, empty if there is none.
	ClientID   string `json:"client_id,omitempty"`
	ClientName string `json:"client_name,omitempty"`
	// Credential is the kind that was sent.
	Credential credential.Kind `json:"credential"`
	// Resource is the API that the token is for: the scope less /.default, or
	// the resource of v1.0.
	Resource string `json:"resource,omitempty"`
	// Agent is the agent identity for which its blueprint made the request.
	Agent string `json:"agent,omitempty"`
	// Status is the HTTP status of the answer.
	Status int `json:"status"`
	// Code is the AADSTS code; 0 means that there is none.
	Code int `json:"code,omitempty"`
	// Error is the OAuth error word and Reason our text; both empty if a token
	// was issued.
	Error  string `json:"error,omitempty"`
	Reason string `json:"explanation,omitempty"`
	// Inferred says that no published answer of Entra shows status and error word of
	// this refusal: they are those of similar ones.
	Inferred bool `json:"inferred,omitempty"`
	// TraceID and CorrelationID are those of the answer, as in Entra's sign-in log.
	TraceID       string `json:"trace_id,omitempty"`
	CorrelationID string `json:"correlation_id,omitempty"`
}

// Issued reports whether the answer is a token.
func (r TokenRequest) Issued() bool { return r.Status == http.StatusOK }

// KeysRequest is the body of POST keys.
type KeysRequest struct {
	// Action is roll, withdraw, flap, empty or restore.
	Action string `json:"action"`
}

// FaultsRequest is the body of POST faults. Without a member it changes nothing.
type FaultsRequest struct {
	// Clear ends the faults in force, before others are added.
	Clear bool `json:"clear"`
	// Add are faults as fault.Parse reads them.
	Add []string `json:"add"`
}

// ClockRequest is the body of POST clock.
type ClockRequest struct {
	// Offset is how far the clock is to be ahead of the machine's, such as "10m"
	// or "-1h".
	Offset string `json:"offset"`
}

// Minted is the answer to a request for a token.
type Minted struct {
	// Token is the compact form. It is not an entra.Secret, because JSON has to
	// carry it; the client makes one of it.
	Token string `json:"token"`
}

// Error is a refusal of the control endpoint, and the JSON in which it is sent.
type Error struct {
	// Status is the HTTP status of the answer.
	Status int `json:"-"`
	// Word names the refusal.
	Word Word `json:"error"`
	// Reason is one sentence about it.
	Reason string `json:"reason"`
	// Advice says what to do next; it may be empty.
	Advice []string `json:"hints,omitempty"`
}

// Error returns the reason.
func (e *Error) Error() string { return e.Reason }

// Hints returns the advice.
func (e *Error) Hints() []string { return e.Advice }

// Word names a refusal.
type Word string

// The refusals.
const (
	WrongScheme      Word = "wrong_scheme"
	WrongHost        Word = "wrong_host"
	WrongOrigin      Word = "wrong_origin"
	WrongKey         Word = "wrong_key"
	NotFound         Word = "not_found"
	WrongMethod      Word = "wrong_method"
	WrongContentType Word = "wrong_content_type"
	TooLarge         Word = "too_large"
	BadJSON          Word = "bad_json"
	BadRequest       Word = "bad_request"
	ServerError      Word = "server_error"
)

// statuses are the HTTP statuses of the refusals.
var statuses = sync.OnceValue(func() map[Word]int {
	return map[Word]int{
		WrongScheme:      http.StatusForbidden,
		WrongHost:        http.StatusForbidden,
		WrongOrigin:      http.StatusForbidden,
		WrongKey:         http.StatusUnauthorized,
		NotFound:         http.StatusNotFound,
		WrongMethod:      http.StatusMethodNotAllowed,
		WrongContentType: http.StatusUnsupportedMediaType,
		TooLarge:         http.StatusRequestEntityTooLarge,
		BadJSON:          http.StatusBadRequest,
		BadRequest:       http.StatusBadRequest,
		ServerError:      http.StatusInternalServerError,
	}
})

// refuse makes the error of a word.
func refuse(word Word, format string, args ...any) *Error {
	return &Error{Status: statuses()[word], Word: word, Reason: fmt.Sprintf(format, args...)}
}

// Refuse makes the error of an action that cannot do what the request asks for.
func Refuse(reason string, advice ...string) *Error {
	e := refuse(BadRequest, "%s", reason)
	e.Advice = advice
	return e
}
