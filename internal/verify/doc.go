// Package verify decides whether an access token of Microsoft Entra ID is valid for
// an API, and if not, for which reason.
//
// A [Verifier] is made of a [Policy] (which tokens are accepted) and a [jwks.Source]
// (which keys may sign). [Verifier.Verify] answers with a [jwt.Token] or an
// [*Error], [Verifier.Report] with the outcome of every check. Both run the same
// rules in the same order:
//
//	form        the token is a compact JWS of strict JSON (RFC 7515, RFC 8725)
//	algorithm   the header names RS256 and holds nothing that changes its meaning
//	key         the issuer publishes a key of that ID, for that issuer and cloud
//	signature   the key made the signature
//	issuer      iss is the issuer of the token's version (v1.0, v2.0)
//	tenant      tid is a tenant of the policy, and the one in iss
//	audience    aud is one of the policy's
//	lifetime    iat, nbf and exp hold now, and the life is not too long
//	kind        it is an access token of an app, or of a user where users may call
//	binding     it is not bound to a key (cnf), which cannot be seen here
//	client      azp or appid is one of the policy's, if it names any
//	permission  roles or scp hold what the policy requires
//
// There are three outcomes: valid, invalid, and could not tell (keys out of reach, or
// a check that is not configured). A program that reports the third as the second
// makes its callers discard valid tokens.
//
// The zero value of every type is strict: with nothing configured, no token is
// valid. Each exception is a named field of [Policy] that says what it costs.
//
// Sources: learn.microsoft.com/entra/identity-platform/access-tokens and
// claims-validation; RFC 7515, 7517, 7519, 8725, 6750.
package verify
