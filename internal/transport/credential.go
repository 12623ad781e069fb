package transport

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"m2m/internal/text"
)

// IsCredential reports whether a header field carries a credential, by its name.
// There is one list: such a field is redacted where a header is shown, is not
// sent over plain http to another machine, and does not go to an address that a
// found .env names. A field too many costs a flag, one too few a key.
func IsCredential(field string) bool {
	name := text.LowerASCII(field)
	if slices.Contains(notCredentials, name) {
		return false
	}
	return slices.Contains(credentialFields, name) ||
		slices.ContainsFunc(credentialWords, func(word string) bool { return strings.Contains(name, word) })
}

var (
	// credentialFields have no word in their names that says so.
	credentialFields = []string{"authorization", "proxy-authorization", "x-ms-authorization-auxiliary", "x-auth", "cookie", "set-cookie"}
	// credentialWords are found in the names of fields such as X-Vault-Token,
	// X-Api-Key, X-Amz-Credential, X-Hub-Signature and X-Auth.
	credentialWords = []string{
		"token", "secret", "password", "passwd", "passphrase", "apikey", "-key", "credential", "signature", "session-id", "-jwt",
	}
	// notCredentials have such a word and carry none: an identifier of the caller's
	// choice, and names of the HTTP and WebSocket registries.
	notCredentials = []string{
		"idempotency-key", "sec-websocket-key", "surrogate-key", "accept-signature", "signature-input", "www-authenticate",
		"proxy-authenticate", "authentication-info", "proxy-authentication-info", "authentication-control",
	}
)

// Credentials returns the names of the fields that carry credentials, sorted.
func Credentials(h http.Header) []string {
	var names []string
	for name := range h {
		if IsCredential(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// InClear reports whether what is sent to a URL crosses a network unencrypted:
// it is not https, and the host is not this machine.
func InClear(u *url.URL) bool { return u.Scheme != "https" && !Loopback(u.Hostname()) }
