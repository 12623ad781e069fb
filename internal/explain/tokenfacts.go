package explain

import (
	"fmt"
	"strings"
	"time"

	"m2m/internal/jwt"
	"m2m/internal/text"
)

// tokenFacts is what the token says of itself, as far as an API would mind.
func (e *Evidence) tokenFacts() []Fact {
	t := e.token
	texts := []string{describeKind(t)}
	if t.Audience != "" {
		texts = append(texts, "for "+text.Bound(t.Audience, maxShown)+" (aud)")
	}
	if t.Issuer != "" {
		texts = append(texts, "issued by "+text.Bound(t.Issuer, maxShown)+" (iss)")
	}
	if t.ClientID != "" {
		texts = append(texts, "to the client "+text.Bound(t.ClientID, maxShown))
	}
	texts = append(texts, describePermissions(t))
	if !t.ExpiresAt.IsZero() {
		texts = append(texts, describeExpiry(t.ExpiresAt, e.now))
	}
	facts := make([]Fact, len(texts))
	for i, text := range texts {
		facts[i] = Fact{FromToken, text}
	}
	return facts
}

func describeKind(t *jwt.Token) string {
	kind := map[jwt.Kind]string{
		jwt.App: "an app's own access token", jwt.User: "an access token for a user", jwt.ID: "an ID token",
	}[t.Kind]
	if kind == "" {
		kind = "a token of no known kind"
	}
	if t.Version == "" {
		return kind
	}
	return "a v" + string(t.Version) + " token: " + kind
}

func describePermissions(t *jwt.Token) string {
	switch {
	case len(t.Roles) > 0:
		return "with the roles " + list(t.Roles)
	case len(t.Scopes) > 0:
		return "with the scopes " + list(t.Scopes)
	}
	return "with no roles and no scopes"
}

func describeExpiry(exp, now time.Time) string {
	when := text.Time(exp)
	if exp.After(now) {
		return fmt.Sprintf("valid until %s, for another %s", when, text.Duration(exp.Sub(now)))
	}
	return fmt.Sprintf("expired at %s, %s ago", when, text.Duration(now.Sub(exp)))
}

func list(values []string) string { return text.Bound(strings.Join(values, ", "), maxShown) }
