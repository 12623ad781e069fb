// Package entra is the vocabulary of Microsoft Entra ID that every other
// package of m2m speaks: clouds, authority URLs, scopes and audiences, the
// form of identifiers, what a claim means, what an AADSTS code says, and
// values that must never be printed.
//
// It is pure: no network, no files, no clock. It imports nothing of ours, so
// that the local tenant (package issuer) and the verifier (package verify) can
// share words without sharing decisions.
package entra
