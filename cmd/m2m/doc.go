// Command m2m makes and checks machine-to-machine calls secured by Microsoft
// Entra ID (OAuth 2.0 client credentials):
//
//	m2m token     acquires an app-only token
//	m2m verify    decodes and judges a token
//	m2m call      calls an endpoint with a token and explains a refusal
//	m2m serve     runs a protected API and, with --local, a tenant beside it
//
// The whole loop runs offline:
//
//	m2m serve --local -- m2m call /secure-data
//
// This package is the command line: flags, environment, terminal, exit codes.
// What the commands do is in the packages below m2m/internal; they return data
// and typed errors, and this package prints them.
//
// # Streams
//
// Data goes to stdout. Everything else goes to stderr with "m2m: " in front: a
// reason, then hints. With -o json a failure is one JSON object on stderr.
//
// # Exit codes
//
//	0    done; the token is believed; the answer is as expected
//	1    unexpected
//	2    usage, settings, a file that cannot be read
//	3    token refused by verify, or the input is no token
//	4    the identity provider refused (AADSTS…)
//	5    could not tell: network, TLS, time-out, keys out of reach, a check not configured
//	6    HTTP status or expectation not met; a probe found a hole
//	7    unverifiable by design (Microsoft Graph tokens)
//	130  interrupted
package main
