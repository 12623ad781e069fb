// Package credential checks the credentials that the clients of a local tenant
// send: secrets, assertions signed with a certificate, and the tokens of outside
// issuers that a registration trusts. What is wrong comes back as the refusal
// that Entra would have given.
package credential
