// Package entra is the vocabulary of Microsoft Entra ID that every other
// package of m2m speaks: clouds, authority URLs, scopes and audiences, the
// form of identifiers, what a claim means, what an AADSTS code means, and
// values that must never be printed.
//
// It is pure: no network, no files, no clock. The local tenant and package verify
// both use it: they share names, and no decisions.
package entra
