// Package issuertest is an issuer for tests: it signs tokens, valid and not, and
// serves discovery documents and keys without a socket. It must not be imported
// but by tests.
package issuertest
