// Package token acquires app-only access tokens from Microsoft Entra ID with
// the OAuth 2.0 client-credentials grant (RFC 6749 section 4.4), through MSAL
// Go.
//
// A [Request] says for whom and for what; a [Credential] proves it; a [Client]
// holds what every request shares: the transport, the cache, the clock. What
// can be known to be wrong before anything is sent is refused first
// ([Request.Check]).
//
// MSAL speaks the protocol and builds client assertions. This package adds what
// MSAL leaves out: retries, no redirects, no plain http, bounded answers, typed
// refusals, and a cache on disk that is of no use to whoever steals it.
//
// There are three ways to fail, told apart by errors.Is: [ErrSettings] (what was
// given cannot work), [ErrRefused] (the identity provider said no) and
// [ErrUnavailable] (nobody could say).
package token
