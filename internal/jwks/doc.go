// Package jwks finds the public keys that an issuer of access tokens signs with,
// and says which issuer that is.
//
// [Metadata] reads an Entra tenant's discovery document and key set (OpenID
// Connect Discovery, RFC 7517) when they are first asked for, keeps them fresh,
// and bounds how often unknown key IDs make it call the issuer. [Set]
// holds keys that were given once, as from a file. Both are a [Source].
//
// Keys that are out of reach or too old are an [*UnreachableError], which says nothing
// about the token.
package jwks
