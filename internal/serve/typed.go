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
// huma is not linked into the program (docs/decisions/huma-only-in-tests.md). A test
// registers these handlers with it and compares the embedded document.

// noInput is the input of a handler that needs only the caller's token.
type noInput struct{}

// reply is a response with status 200. The tags of its types are their description
// in the document.
type reply[T any] struct{ Body T }

// typed serves a handler. An error that is not a *fault is answered with 500.
func typed[T any](handle func(context.Context, *noInput) (*reply[T], error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := handle(r.Context(), nil)
		if err != nil {
			writeFault(w, r, err)
			return
		}
		writeJSON(w, "application/json", http.StatusOK, &answer.Body)
	}
}

// fault is an error with the problem to answer.
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

// failedProblem has no details: they are in the log only.
func failedProblem() Problem {
	return Problem{Status: http.StatusInternalServerError, Detail: "the API failed; its log has the request id"}
}
