// Package serve is an HTTP API that lets in only callers whose access token it
// believes.
//
// The heart of it is [Require], a gate around any http.Handler:
//
//	verifier, err := verify.New(…)
//	http.Handle("/orders", serve.Require(verifier, orders))
//
// It takes one token from the request ([Bearer]), asks the verifier about it,
// and either answers with a refusal (RFC 6750) or passes the request on with
// the believed token in its context ([TokenFrom]). Everything else here makes
// a service of it: [New] lays the routes, gives every request an id and a line
// in the log, and turns panics into answers; [Server] puts it behind a listener
// with a time-out on everything and an end that waits for requests under way.
//
// # Answers
//
// A request has one of three outcomes, never two: let in, refused, or "could
// not tell". The last one, where the issuer's keys are out of reach, is 503 and
// not 401: a client that reads 401 throws a good token away.
//
//	400 invalid_request      more than one token, a token in the query or in a
//	                         form, or an Authorization header that is malformed
//	401 (no error code)      no bearer token in the request
//	401 invalid_token        the token is refused
//	403 insufficient_scope   the token is believed, its roles or scopes do not do
//	503, with Retry-After    the keys are out of reach
//
// Challenges are RFC 6750's and every error body is a problem document of
// RFC 9457. Why a token is refused goes to the log; the caller reads one
// sentence that is the same for every 401, unless Config.ExplainRefusals is set.
//
// Paths are matched exactly: 404 for others, 405 with Allow for other methods,
// 413 for a body that is too large. What net/http refuses while it reads the
// headers (400 for broken ones, 431 for too many) is its own, in plain text.
//
// # What is told about it
//
// GET /openapi.json describes the routes. It is made of the handlers' types, by
// huma and the tests, and completed at start with who may call. GET /docs is a
// page that shows it and sends requests; all of it is in the binary. GET /metrics
// counts what happens, for callers on this machine ([API.Metrics] for others).
//
// # What is never written
//
// No token reaches a log line or an answer: neither the header it came in, nor
// the query of the request, nor the value of a panic. Text that a caller chose
// (path, key id, issuer, claims) is bounded and escaped before it is logged.
package serve
