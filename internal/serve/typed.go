package serve

import (
	"context"
	"errors"
	"net/http"
)

// Handlers of the API have the form that huma reads an OpenAPI document from:
//
//	func(context.Context, *none) (*reply[T], error)
//
// huma itself is no part of the program: linking it adds 0.4 ms to the start of
// every command, a quarter of what the smallest Go program takes. The tests
// register these handlers with it and hold the embedded document to what it says
// of them.

// none is the input of a handler that takes nothing but the caller's token.
type none struct{}

// reply is an answer with the status 200. The types in it say by their tags
// what the document says of them.
type reply[T any] struct{ Body T }

// typed serves a handler. Its error is a *fault, or the handler failed.
func typed[T any](handle func(context.Context, *none) (*reply[T], error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := handle(r.Context(), nil)
		if err != nil {
			writeFault(w, r, err)
			return
		}
		writeJSON(w, "application/json", http.StatusOK, &answer.Body)
	}
}

// fault is an error that a handler answers with.
type fault struct {
	problem Problem
	// retryAfter is the value of Retry-After; empty for none.
	retryAfter string
}

// Error implements error.
func (f *fault) Error() string { return f.problem.Detail }

func writeFault(w http.ResponseWriter, r *http.Request, err error) {
	f := (*fault)(nil)
	if !errors.As(err, &f) {
		f = &fault{problem: failedProblem()}
	}
	if f.retryAfter != "" {
		w.Header().Set("Retry-After", f.retryAfter)
	}
	f.problem.write(w, r)
}

// failedProblem says no more than that: what went wrong is nobody's business but
// the log's.
func failedProblem() Problem {
	return Problem{Status: http.StatusInternalServerError, Detail: "the API failed; its log has the request id"}
}
