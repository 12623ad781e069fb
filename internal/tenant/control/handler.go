package control

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"m2m/internal/entra"
	"m2m/internal/text"
)

// maxBody bounds what is sent to the endpoint, in bytes.
const maxBody = 64 << 10

// NewKey makes the key of a control endpoint.
func NewKey() entra.Secret { return entra.NewSecret(rand.Text()) }

// Handler answers at the control endpoint.
type Handler struct {
	// Key opens the endpoint.
	Key entra.Secret
	// Addr is the HOST:PORT of the listener.
	Addr string
	// Actions are the paths behind Path.
	Actions map[string]Action
}

// Action is one path of the endpoint. Make one with Get or Post.
type Action struct {
	method string
	run    func(body []byte) (answer any, err error)
}

// Get is an action that only reads. The answer is encoded as JSON.
func Get(run func() (any, error)) Action {
	return Action{http.MethodGet, func([]byte) (any, error) { return run() }}
}

// Post is an action that takes a JSON object. An unknown or repeated name, and
// another case of one, is an error, as anything behind the object is.
func Post[T any](run func(T) (any, error)) Action {
	return Action{http.MethodPost, func(body []byte) (any, error) {
		var asked T
		if err := json.Unmarshal(body, &asked, json.RejectUnknownMembers(true)); err != nil {
			return nil, refuse(BadJSON, "the body is not the JSON that belongs here: %s", text.OneLine(err.Error(), 128))
		}
		return run(asked)
	}}
}

// ServeHTTP checks who asks before it looks at what is asked: with the key any
// token of the tenant can be made.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	answer, err := h.answer(w, r)
	if err == nil {
		writeJSON(w, http.StatusOK, answer)
		return
	}
	refused := (*Error)(nil)
	if !errors.As(err, &refused) {
		refused = refuse(ServerError, "%v", err)
	}
	writeJSON(w, refused.Status, refused)
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request) (answer any, err error) {
	if refused := h.admit(r); refused != nil {
		return nil, refused
	}
	action, known := h.Actions[strings.TrimPrefix(r.URL.Path, Path)]
	switch {
	case !known:
		return nil, refuse(NotFound, "the control endpoint has no %s", text.Quote(r.URL.Path))
	case r.Method != action.method:
		w.Header().Set("Allow", action.method)
		return nil, refuse(WrongMethod, "%s takes %s, got %s", r.URL.Path, action.method, text.Quote(r.Method))
	case action.method == http.MethodGet:
		return action.run(nil)
	}
	body, refused := readBody(w, r)
	if refused != nil {
		return nil, refused
	}
	return action.run(body)
}

// admit refuses everything but a program of this user. A web page that the user
// visits can send requests to loopback: by another name of it (DNS rebinding), or
// with an Origin. It has no key either; each of the three would do alone.
func (h *Handler) admit(r *http.Request) *Error {
	_, port, _ := net.SplitHostPort(h.Addr)
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case r.TLS == nil:
		return refuse(WrongScheme, "the control endpoint is there over TLS only")
	case r.Host != h.Addr && r.Host != "localhost:"+port:
		return refuse(WrongHost, "the control endpoint answers at %s, not at %s", h.Addr, text.Quote(r.Host))
	case r.Header.Values("Origin") != nil:
		return refuse(WrongOrigin, "the control endpoint is not for web pages, and the request has an Origin: %s",
			text.Quote(r.Header.Get("Origin")))
	case !strings.EqualFold(scheme, "Bearer") || len(r.Header.Values("Authorization")) != 1 || !sameKey(key, h.Key):
		return refuse(WrongKey, "the control endpoint wants its key: Authorization: Bearer KEY")
	}
	return nil
}

// sameKey takes the same time whatever is sent: the digests have one length.
func sameKey(sent string, key entra.Secret) bool {
	a, b := sha256.Sum256([]byte(sent)), sha256.Sum256([]byte(key.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *Error) {
	sent := r.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(sent); err != nil || media != "application/json" {
		return nil, refuse(WrongContentType, "the body's content type is %s, not application/json", text.Quote(sent))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refuse(TooLarge, "the body is larger than %d KiB", maxBody>>10)
	case err != nil:
		return nil, refuse(BadJSON, "the body ended early")
	}
	return body, nil
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, "the answer cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone, if this fails
}
