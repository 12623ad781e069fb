// Package refusal lists how a local tenant refuses: one row for each AADSTS
// code, with the OAuth error word, the HTTP status and a sentence of our own.
//
// Words and statuses are those of real answers where one is known: faults of
// the credential are 401, faults of the request 400.
package refusal
