// Package transport says how the requests of m2m go out, and why one of them
// got no answer.
//
// A [Transport] is the one http.RoundTripper of a command: roots of the system
// and of a CA file, proxies, time limits, and a trace without secrets.
// [Diagnose] turns whatever net/http failed with into an [Error], which names
// one [Fault], says it in a sentence and knows what its user can do. Advice that
// depends on who was asked (an API, an identity provider) is the caller's.
package transport
