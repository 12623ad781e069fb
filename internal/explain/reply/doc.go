// Package reply reads what a response says for itself: every code, message, title
// and error header of it, wherever it stands. It reads JSON objects and arrays at
// any usual depth, OData, GraphQL, XML, HTML, plain text, all challenges of
// WWW-Authenticate, and headers that carry errors or the ids of a request.
//
// It decides nothing, and it loses nothing: each word of an error response is a
// [Part], either with a role that is shown, or with one of the roles that are
// listed as noise. Every text is bounded, printable and without secrets.
package reply
