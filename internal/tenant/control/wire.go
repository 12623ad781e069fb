package control

import (
	"fmt"
	"net/http"
	"sync"

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
	// Keys are all keys that still exist, the signing one first.
	Keys []keyring.State `json:"keys"`
	// KeySet is what the keys' address answers with.
	KeySet keyring.Mode `json:"key_set"`
	// Clock is how far the tenant's clock is ahead, such as "10m".
	Clock string `json:"clock"`
	// Faults are those in force, in the order in which they were asked for but
	// for clock and keys, which come first.
	Faults []fault.State `json:"faults"`
}

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
