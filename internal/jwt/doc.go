// Package jwt takes one compact access token apart (RFC 7519, RFC 7515), as
// strictly as RFC 8725 suggests: one spelling of base64url, valid UTF-8, no
// duplicate names, bounded size and depth. It decides nothing: not whether the
// signature is right, nor whether the token is meant for anybody.
//
// [Decode] reads one token; a [Reader] reads many without allocating its tables
// again. What is not a token is a [*Fault] with one of the Err reasons. [Token]
// holds the claims that Microsoft Entra ID writes, and [Object] the rest.
package jwt
