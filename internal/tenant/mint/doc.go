// Package mint makes tokens as Entra makes them: claims, header and signature.
//
// A Maker issues the token that a client asked for, and mints others, however
// wrong, for the tests of APIs: of a user, expired, with changed claims, signed
// with a key that is not the tenant's or not signed at all.
package mint
