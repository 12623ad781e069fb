package refusal

import (
	"fmt"
	"io"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/text"
)

// TimestampForm is how Entra writes a time in an error, as time.Format takes it.
const TimestampForm = "2006-01-02 15:04:05Z"

// The error words: those of OAuth (RFC 6749, 5.2) and others that only Entra sends.
const (
	InvalidRequest     = "invalid_request"
	InvalidClient      = "invalid_client"
	InvalidGrant       = "invalid_grant"
	InvalidScope       = "invalid_scope"
	InvalidResource    = "invalid_resource"
	InvalidTenant      = "invalid_tenant"
	InvalidInstance    = "invalid_instance"
	InvalidTarget      = "invalid_target" // RFC 8707
	UnauthorizedClient = "unauthorized_client"
	UnsupportedGrant   = "unsupported_grant_type"
	Unavailable        = "temporarily_unavailable"
	ServerError        = "server_error"
)

// Row is one way in which Entra refuses.
type Row struct {
	// Code is the number behind AADSTS.
	Code int
	// Status is the HTTP status of the answer.
	Status int
	// Word is the OAuth error word.
	Word string
	// text is the sentence, with %s for each value that is known to be
	// harmless and %q for each that the client sent.
	text string
}

// Refusal is a row with its values filled in: what the client is answered
// instead of a token or a document.
type Refusal struct {
	Row
	// Reason is one sentence without a full stop.
	Reason string
	// Suberror and Claims are sent by Conditional Access alone.
	Suberror, Claims string
}

// With fills in the values of a row's sentence, in order.
func (r Row) With(values ...string) *Refusal {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = value(v)
	}
	return &Refusal{Row: r, Reason: fmt.Sprintf(r.text, args...)}
}

// HasPage reports whether Microsoft's error page knows the code; answers with
// the others carry no error_uri.
func (r Row) HasPage() bool { return r.Code != GrantNotSupported.Code && r.Code != ZeroApp.Code }

// Inferred reports whether no published answer shows both status and word of the
// code: they are then those of similar refusals.
func (r Row) Inferred() bool {
	known, _ := entra.LookupAADSTS(r.Code)
	return known.Wire.Basis != entra.WireSeen
}

// Policy is the refusal of Conditional Access for workload identities. The
// claims name the policy, given as a GUID.
func Policy(id string) *Refusal {
	r := BlockedByPolicy.With(id)
	r.Suberror = "message_only"
	r.Claims = `{"access_token":{"capolids":{"essential":true,"values":["` + id + `"]}}}`
	return r
}

// value is a text that is quoted where a sentence asks for that with %q.
type value string

// Format implements fmt.Formatter.
func (v value) Format(f fmt.State, verb rune) {
	shown := string(v)
	if verb == 'q' {
		shown = Quote(shown)
	}
	_, _ = io.WriteString(f, shown) // fmt.State does not fail
}

// quoteLimit bounds what of a client's own words goes back to it and to the
// log, in bytes.
const quoteLimit = 128

// Quote puts a client's words between single quotes, as Entra does, escaped
// and bounded.
func Quote(s string) string {
	escaped := fmt.Sprintf("%q", text.Cut(s, quoteLimit))
	inner := strings.ReplaceAll(escaped[1:len(escaped)-1], `\"`, `"`)
	return "'" + strings.ReplaceAll(inner, "'", `\'`) + "'"
}
