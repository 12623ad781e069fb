// Package token acquires app-only access tokens from Microsoft Entra ID with
// the OAuth 2.0 client-credentials grant (RFC 6749 section 4.4), through MSAL
// Go.
//
// A [Request] names the client and the scope; a [Credential] proves the client's
// identity; a [Client] holds what every request shares: the transport, the cache,
// the clock. [Request.Check] returns everything that is known to be wrong before
// anything is sent.
//
// MSAL speaks the protocol and builds client assertions. This package adds what
// MSAL leaves out: retries, no redirects, no plain http, bounded answers, typed
// refusals, and the cache on disk of package cache.
//
// There are three kinds of failure, for errors.Is: [ErrSettings] (a setting cannot
// work), [ErrRefused] (the identity provider rejected the request) and
// [ErrUnavailable] (the outcome is unknown).
package token
