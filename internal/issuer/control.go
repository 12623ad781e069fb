package issuer

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"m2m/internal/entra"
	"m2m/internal/tenant/refusal"
	"m2m/internal/text"
)

// controlPath begins the paths of the control endpoint. No tenant's name
// begins with a dot, so that no URL of Entra's is like it.
const controlPath = "/.m2m/control/"

// maxControlBody bounds what is sent to the control endpoint, in bytes.
const maxControlBody = 64 << 10

// NewControlKey makes the key of a control endpoint for Config.ControlKey.
func NewControlKey() entra.Secret { return entra.NewSecret(rand.Text()) }

// ControlURL returns the address of the control endpoint, which ends in a
// slash: state, faults, keys, clock and mint follow it. Empty if there is none. It is
// that of the listener, whatever Origin says.
func (i *Issuer) ControlURL() string {
	if i.controlKey.IsZero() {
		return ""
	}
	return "https://" + i.listener.Addr().String() + controlPath
}

// ControlError is a refusal of the control endpoint, and the JSON in which it
// goes over the wire.
type ControlError struct {
	// Status is the HTTP status of the answer.
	Status int `json:"-"`
	// Word names the refusal: wrong_scheme, wrong_host, wrong_origin, wrong_key,
	// not_found, wrong_method, wrong_content_type, too_large, bad_json,
	// bad_request, server_error.
	Word string `json:"error"`
	// Reason is one sentence about it.
	Reason string `json:"reason"`
	// Advice says what to do next; it may be empty.
	Advice []string `json:"hints,omitempty"`
}

// Error says what was refused, and why.
func (e *ControlError) Error() string { return e.Reason }

// Hints says what to do about it.
func (e *ControlError) Hints() []string { return e.Advice }

func refuseControl(status int, word, format string, args ...any) *ControlError {
	return &ControlError{Status: status, Word: word, Reason: fmt.Sprintf(format, args...)}
}

// controlAction is one path of the control endpoint.
type controlAction struct {
	method string
	run    func(body []byte) (answer any, err error)
}

func (i *Issuer) controlActions() map[string]controlAction {
	return map[string]controlAction{
		"state":  {http.MethodGet, func([]byte) (any, error) { return i.state() }},
		"keys":   {http.MethodPost, i.controlKeys},
		"clock":  {http.MethodPost, i.controlClock},
		"faults": {http.MethodPost, i.controlFaults},
		"mint":   {http.MethodPost, i.controlMint},
	}
}

// serveControl answers at the control endpoint. Whoever reaches it can make any
// token of the tenant, so that it looks at who asks before it looks at what.
func (i *Issuer) serveControl(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	answer, err := i.control(w, r)
	if err == nil {
		writeJSON(w, http.StatusOK, answer)
		return
	}
	refused := (*ControlError)(nil)
	if !errors.As(err, &refused) {
		refused = refuseControl(http.StatusInternalServerError, "server_error", "%v", err)
	}
	writeJSON(w, refused.Status, refused)
}

func (i *Issuer) control(w http.ResponseWriter, r *http.Request) (answer any, err error) {
	if refused := i.mayControl(r); refused != nil {
		return nil, refused
	}
	action, known := i.controlActions()[strings.TrimPrefix(r.URL.Path, controlPath)]
	switch {
	case !known:
		return nil, refuseControl(http.StatusNotFound, "not_found", "the control endpoint has no %s", refusal.Quote(r.URL.Path))
	case r.Method != action.method:
		w.Header().Set("Allow", action.method)
		return nil, refuseControl(http.StatusMethodNotAllowed, "wrong_method", "%s takes %s, got %s", r.URL.Path, action.method, refusal.Quote(r.Method))
	case action.method == http.MethodGet:
		return action.run(nil)
	}
	body, refused := readControl(w, r)
	if refused != nil {
		return nil, refused
	}
	return action.run(body)
}

// mayControl refuses everybody but a program of this user's. A web page that
// the user visits can send requests to loopback: by another name of it
// (DNS rebinding), or with an Origin. It has no key either; each of the three
// would do alone.
func (i *Issuer) mayControl(r *http.Request) *ControlError {
	address := i.listener.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case r.TLS == nil:
		return refuseControl(http.StatusForbidden, "wrong_scheme", "the control endpoint is there over TLS only")
	case r.Host != address && r.Host != "localhost:"+port:
		return refuseControl(http.StatusForbidden, "wrong_host", "the control endpoint answers at %s, not at %s", address, refusal.Quote(r.Host))
	case r.Header.Values("Origin") != nil:
		return refuseControl(http.StatusForbidden, "wrong_origin", "the control endpoint is not for web pages, and the request has an Origin: %s", refusal.Quote(r.Header.Get("Origin")))
	case !strings.EqualFold(scheme, "Bearer") || len(r.Header.Values("Authorization")) != 1 || !sameKey(key, i.controlKey):
		return refuseControl(http.StatusUnauthorized, "wrong_key", "the control endpoint wants its key: Authorization: Bearer KEY")
	}
	return nil
}

// sameKey takes the same time whatever is sent: the digests have one length.
func sameKey(sent string, key entra.Secret) bool {
	a, b := sha256.Sum256([]byte(sent)), sha256.Sum256([]byte(key.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func readControl(w http.ResponseWriter, r *http.Request) ([]byte, *ControlError) {
	sent := r.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(sent); err != nil || media != "application/json" {
		return nil, refuseControl(http.StatusUnsupportedMediaType, "wrong_content_type", "the body's content type is %s, not application/json", refusal.Quote(sent))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControlBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refuseControl(http.StatusRequestEntityTooLarge, "too_large", "the body is larger than %d KiB", maxControlBody>>10)
	case err != nil:
		return nil, refuseControl(http.StatusBadRequest, "bad_json", "the body ended early")
	}
	return body, nil
}

// decodeControl reads a body strictly: an unknown or doubled name, another case
// of one, and anything behind the object are mistakes of whoever wrote it.
func decodeControl(body []byte, into any) error {
	if err := json.Unmarshal(body, into, json.RejectUnknownMembers(true)); err != nil {
		return refuseControl(http.StatusBadRequest, "bad_json", "the body is not the JSON that belongs here: %s", refusal.Bound(text.OneLine(err.Error(), 200)))
	}
	return nil
}
