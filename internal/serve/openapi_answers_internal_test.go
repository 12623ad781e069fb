package serve

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"m2m/internal/entra"
	"m2m/internal/jwt"
)

// register adds one GET operation with its answers, and the 500 that each has.
func register[T any](t *testing.T, api huma.API, handle func(context.Context, *noInput) (*reply[T], error),
	op huma.Operation, said map[int]documented) {
	op.Method, op.Responses = http.MethodGet, map[string]*huma.Response{}
	said[http.StatusInternalServerError] = documented{"The API failed.", map[string]http.Handler{"failed": failing()}}
	for status, a := range said {
		op.Responses[strconv.Itoa(status)] = responseOf(t, api, op.Path, status, a)
	}
	huma.Register(api, op, handle)
}

// responseOf runs the examples and describes what they documented.
func responseOf(t *testing.T, api huma.API, path string, status int, a documented) *huma.Response {
	response := &huma.Response{Description: a.description, Headers: map[string]*huma.Param{}}
	media := &huma.MediaType{Examples: map[string]*huma.Example{}}
	if status != http.StatusOK {
		media.Schema = api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	}
	for name, handler := range a.examples {
		answer := recorded(handler, path)
		if answer.Code != status {
			t.Fatalf("%s: the example %q answers %d, want %d", path, name, answer.Code, status)
		}
		var body any
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		media.Examples[strings.ReplaceAll(name, " ", "-")] = &huma.Example{Summary: name, Value: body}
		response.Content = map[string]*huma.MediaType{answer.Header().Get("Content-Type"): media}
		describeHeaders(response.Headers, answer.Header())
	}
	return response
}

func describeHeaders(described map[string]*huma.Param, sent http.Header) {
	for name, words := range map[string]string{
		"X-Request-Id":     "The request's own, if it had a fit one, else a new one.",
		"WWW-Authenticate": "The challenge of RFC 6750: the error code, where something is wrong with the token, and what is required.",
		"Retry-After":      "Seconds to wait.",
	} {
		value := sent.Get(name)
		if value == "" || described[name] != nil && len(described[name].Example.(string)) >= len(value) {
			continue // the longest example shows most
		}
		schema := &huma.Schema{Type: "string"}
		described[name] = &huma.Param{Description: words, Schema: schema, Example: value}
	}
}

// recorded answers as the API does, under a request id that is always the same.
func recorded(handler http.Handler, path string) *httptest.ResponseRecorder {
	const id = "VXQFUYRJBDBVYC3FXX3ODGP3BZ"
	w, r := httptest.NewRecorder(), withExchange(httptest.NewRequest(http.MethodGet, path, nil), &exchange{id: id})
	w.Header().Set("X-Request-Id", id)
	handler.ServeHTTP(w, r)
	return w
}

// rejecting answers a request for a target that is rejected because of why; nil
// for what is wrong with the request itself.
func rejecting(target string, why error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if why == nil {
			_, why = Bearer(httptest.NewRequest(http.MethodGet, target, nil))
		}
		challenge{}.reject(w, r, entra.Secret{}, why)
	})
}

func calledBy(token *jwt.Token) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		typed(secureData)(w, withCaller(r, token))
	})
}

func failing() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { writeFault(w, r, errors.New("of its own")) })
}
