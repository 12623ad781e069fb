// Package keyring holds the signing keys of a local tenant: those that it
// publishes, those that it has withdrawn, and one that was never its own.
//
// Keys live in memory only.
package keyring
