// Package issuer recognises who issued a token: Microsoft Entra ID, another
// identity provider, a CI system, a cluster. It goes by the form of iss, then by
// claims that only one family of issuers writes. That proves nothing, and decides
// nothing: it says in whose terms a token's claims are to be read, what such a
// token is for, and where its issuer publishes its keys.
//
// What is known is data: issuers.json, a row for each family with its sources.
package issuer
