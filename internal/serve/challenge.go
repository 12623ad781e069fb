package serve

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/verify"
)

// defaultRealm is the realm where none is configured.
const defaultRealm = "m2m"

// challenge writes the responses of RFC 6750 section 3. Its zero value does not
// say why a token is invalid.
type challenge struct {
	// realm is empty for defaultRealm.
	realm string
	// policy has the required scopes: a user's client can ask for those that a token
	// lacks. An app cannot ask for any.
	policy verify.Policy
	// discovery is what the client learns about the API and its scopes.
	discovery Discovery
	// scopes are those that a client without a valid token should ask for.
	scopes []string
	// malformed is the status for ErrMalformed; zero is RFC 6750's, 400.
	malformed int
	// report explains a token to its sender; nil for no explanation.
	report func(r *http.Request, token entra.Secret) *verify.Report
}

func (c challenge) reject(w http.ResponseWriter, r *http.Request, token entra.Secret, why error) {
	p := problemOf(why)
	if c.malformed != 0 && errors.Is(why, ErrMalformed) {
		p.Status = c.malformed
	}
	// A fault of the request itself is reported anyway, without the checks.
	if about := (*verify.Error)(nil); c.report != nil && errors.As(why, &about) {
		p.Detail, p.Checks = string(about.Check)+": "+about.Reason.Error(), checksOf(c.report(r, token))
	}
	switch p.Status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", retryAfter(why))
	case http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close")
	default:
		w.Header().Set("WWW-Authenticate", c.header(r, p, c.askFor(p, token, why)))
	}
	p.write(w, r)
}

// problemOf chooses status, code and one sentence. For an invalid token the
// sentence is always the same, because differences would help a forger.
func problemOf(why error) Problem {
	tooLarge := (*http.MaxBytesError)(nil)
	switch {
	case errors.Is(why, ErrNoToken):
		return Problem{Status: http.StatusUnauthorized, Detail: "a bearer token in the Authorization header is required"}
	case errors.Is(why, ErrMalformed):
		return Problem{Status: http.StatusBadRequest, Error: "invalid_request", Detail: why.Error()}
	case errors.As(why, &tooLarge):
		return tooLargeProblem(tooLarge.Limit)
	case errors.Is(why, verify.ErrForbidden):
		return Problem{Status: http.StatusForbidden, Error: "insufficient_scope",
			Detail: "the token is valid, but it lacks permission" + required(why)}
	case errors.Is(why, verify.ErrInvalid):
		return Problem{Status: http.StatusUnauthorized, Error: "invalid_token",
			Detail: "the access token is expired, malformed, or not meant for this API"}
	}
	return Problem{Status: http.StatusServiceUnavailable, Detail: "the token cannot be checked now; keep it and try again"}
}

// required names the missing roles or scopes. Unlike the reason of a 401 this does
// not help a forger, since the token is valid. It does not list the allowed clients.
func required(why error) string {
	about := (*verify.Error)(nil)
	if errors.As(why, &about) && about.Check == verify.CheckClient {
		return ": its app is not one that may call this API"
	}
	if about != nil && about.Expected != "" {
		return ": this API requires " + quoted(about.Expected)
	}
	return ""
}

func tooLargeProblem(limit int64) Problem {
	return Problem{Status: http.StatusRequestEntityTooLarge, Detail: "the body is larger than " + strconv.FormatInt(limit, 10) + " bytes"}
}

// askFor returns the scopes that a client should ask for next. After a 403 only a user's
// client can do something: it asks for the ones that are missing.
func (c challenge) askFor(p Problem, token entra.Secret, why error) []string {
	switch {
	case c.discovery.Off:
		return nil
	case p.Status == http.StatusUnauthorized && p.Error != "invalid_request":
		return c.scopes
	case p.Status != http.StatusForbidden || !errors.Is(why, verify.ErrScopeMissing):
		return nil
	}
	sent, _ := jwt.Decode(token.Reveal())
	if sent == nil || sent.Kind != jwt.User {
		return nil
	}
	return c.discovery.qualified(slices.DeleteFunc(slices.Clone(c.policy.Scopes), func(scope string) bool {
		return slices.Contains(sent.Scopes, scope)
	}))
}

// header returns the value of WWW-Authenticate. A request without a token gets no
// error code (RFC 6750 section 3.1). Clients of 401 and 403 learn where the metadata of
// the resource is (RFC 9728 section 5.1).
func (c challenge) header(r *http.Request, p Problem, scopes []string) string {
	realm := c.realm
	if realm == "" {
		realm = defaultRealm
	}
	var b strings.Builder
	b.WriteString("Bearer realm=" + quotedString(realm))
	if p.Error != "" {
		b.WriteString(", error=" + quotedString(p.Error) + ", error_description=" + quotedString(p.Detail))
	}
	if len(scopes) > 0 {
		b.WriteString(", scope=" + quotedString(strings.Join(scopes, " ")))
	}
	if resource, ok := c.discovery.resourceOf(requestedPath(r)); ok && !c.discovery.Off && p.Error != "invalid_request" {
		b.WriteString(", resource_metadata=" + quotedString(resource.MetadataURL()))
	}
	return b.String()
}

// quotedString returns a quoted-string (RFC 9110 section 5.6.4) of the characters
// that RFC 6750 section 3 allows in error_description: printable ASCII without quote
// and backslash.
func quotedString(s string) string {
	return `"` + strings.Map(func(c rune) rune {
		switch {
		case c == '"' || c == '\\':
			return '\''
		case c < ' ' || c > '~':
			return '?'
		}
		return c
	}, s) + `"`
}

// retryAfter returns when to try again, in whole seconds: what the verifier or its
// key source suggests, at most 5 min, else 5 s.
func retryAfter(why error) string {
	var wait time.Duration
	about, unreachable := (*verify.Error)(nil), (*jwks.UnreachableError)(nil)
	switch {
	case errors.As(why, &about):
		wait = about.RetryAfter
	case errors.As(why, &unreachable):
		wait = unreachable.RetryAfter
	}
	if wait <= 0 {
		wait = 5 * time.Second
	}
	return strconv.Itoa(int(math.Ceil(min(wait, 5*time.Minute).Seconds())))
}
