// Package verify decides whether an access token of Microsoft Entra ID should
// be believed, and says why not.
//
// A [Verifier] is made of a [Policy] (who is let in) and a [Source] (who
// may sign). [Verifier.Verify] answers a program: a [Token] or an [*Error].
// [Verifier.Judge] answers a person: a [Report] with every check. Both run the
// same rules in the same order:
//
//	form        the token is a compact JWS of strict JSON (RFC 7515, RFC 8725)
//	algorithm   the header asks for RS256 and for nothing that changes its meaning
//	key         the issuer publishes a key of that ID, for that issuer and cloud
//	signature   the key made the signature
//	issuer      iss is the issuer of the token's version (v1.0, v2.0)
//	tenant      tid is a tenant that the policy names, and the one in iss
//	audience    aud is one of the policy's
//	lifetime    iat, nbf and exp hold now, and the life is not too long
//	kind        it is an access token of an app, or of a user where users may call
//	client      azp or appid is one of the policy's, if it names any
//	permission  roles or scp hold what the policy requires
//
// There are three outcomes, never two: believed, refused, and could not tell
// (keys out of reach, or a check that nobody configured). A program that takes
// the third for the second makes its callers throw good tokens away.
//
// The zero value of every type here is strict: with nothing configured,
// nothing is believed. Each loosening is a named field that says what it costs.
//
// Sources: learn.microsoft.com/entra/identity-platform/access-tokens and
// claims-validation; RFC 7515, 7517, 7519, 8725, 6750.
package verify
