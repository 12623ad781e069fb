// Package serve is an HTTP API that admits only callers with a valid access
// token.
//
// The heart of it is [Require], a gate around any http.Handler:
//
//	verifier, err := verify.New(…)
//	http.Handle("/orders", serve.Require(verifier, orders))
//
// It takes one token from the request ([Bearer]), validates it, and either rejects
// the request (RFC 6750) or passes it on with the valid token in its context
// ([TokenFrom]). Everything else makes a service of it: [New] registers the
// routes, gives every request an id and a line in the log, and turns panics into
// responses; [Server] adds a listener with a time-out on everything, and waits for
// running requests before it stops.
//
// # Answers
//
// A request has one of three outcomes, never two: accepted, rejected, or "could
// not tell". The last one, where the issuer's keys are out of reach, is 503 and
// not 401: a client that gets 401 discards a good token.
//
//	400 invalid_request      more than one token, a token in the query or in a
//	                         form, or an Authorization header that is malformed
//	401 (no error code)      no bearer token in the request
//	401 invalid_token        the token is invalid
//	403 insufficient_scope   the token is valid, but lacks the required role or scope
//	503, with Retry-After    the keys are out of reach
//
// Challenges are RFC 6750's and every error body is a problem document of
// RFC 9457. Why a token is invalid goes to the log; the caller gets one
// sentence that is the same for every 401, unless Config.ExplainRejections is set.
//
// Paths are matched exactly: 404 for others, 405 with Allow for other methods,
// 413 for a body that is too large. What net/http itself rejects while it reads
// the headers (400 for broken ones, 431 for too many) is plain text.
//
// # Documentation and metrics
//
// GET /openapi.json describes the routes. A test
// generates it from the handlers' types with huma; at start it is completed with
// who may call. GET /docs is a page that shows it and sends requests; its files
// are in the binary. GET /metrics
// counts what happens, for callers on this machine ([API.Metrics] for others).
//
// # What is never logged
//
// No token reaches a log line or an answer: neither the header it came in, nor
// the query of the request, nor the value of a panic. Text that a caller chose
// (path, key id, issuer, claims) is bounded and escaped before it is logged.
package serve
