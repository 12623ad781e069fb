package serve

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/verify"
)

// defaultRealm is the realm where none is configured.
const defaultRealm = "m2m"

// challenge writes the responses of RFC 6750 section 3. Its zero value does not
// say why a token is invalid.
type challenge struct {
	// realm is empty for defaultRealm.
	realm string
	// scopes are the required ones. They are sent where a user's token lacks them,
	// so that the client can ask its user; an app cannot ask for any.
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
		w.Header().Set("WWW-Authenticate", c.header(p, errors.Is(why, verify.ErrScopeMissing)))
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
// not help a forger, since the token is valid.
func required(why error) string {
	if about := (*verify.Error)(nil); errors.As(why, &about) && about.Expected != "" {
		return ": this API requires " + quoted(about.Expected)
	}
	return ""
}

func tooLargeProblem(limit int64) Problem {
	return Problem{Status: http.StatusRequestEntityTooLarge, Detail: "the body is larger than " + strconv.FormatInt(limit, 10) + " bytes"}
}

// header returns the value of WWW-Authenticate. A request without a token gets no
// error code (RFC 6750 section 3.1).
func (c challenge) header(p Problem, scopeMissing bool) string {
	realm := c.realm
	if realm == "" {
		realm = defaultRealm
	}
	var b strings.Builder
	b.WriteString("Bearer realm=" + quotedString(realm))
	if p.Error != "" {
		b.WriteString(", error=" + quotedString(p.Error) + ", error_description=" + quotedString(p.Detail))
	}
	if scopeMissing && len(c.scopes) > 0 {
		b.WriteString(", scope=" + quotedString(strings.Join(c.scopes, " ")))
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
