// Package tenant is a local Entra tenant for one grant, client credentials: it
// serves the discovery documents, the signing keys and the token endpoints of
// v1.0 and v2.0 over TLS, checks the credentials that clients send, and signs
// the tokens that Entra would have issued, or refuses with the AADSTS code
// that Entra would have given.
//
// It shares no decision with the code that acquires or verifies tokens: if it
// did, it would agree with their mistakes. A test compares what it sends with the
// fields of published captures in testdata.
//
// Keys live in memory only. The CA's key is dropped as soon as the server's
// certificate is signed.
package tenant
