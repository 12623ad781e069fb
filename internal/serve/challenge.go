package serve

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

// defaultRealm names the protected space where nobody else did.
const defaultRealm = "m2m"

// challenge writes the answers of RFC 6750 section 3. Its zero value says
// nothing about why a token is refused.
type challenge struct {
	// realm is empty for defaultRealm.
	realm string
	// scopes are the required ones, which a client can ask its user for. It is
	// told so where a user's token lacks them; an app cannot ask for any.
	scopes []string
	// malformed is the status for ErrMalformed; zero is RFC 6750's, 400.
	malformed int
	// judge explains a token to its sender; nil for not at all.
	judge func(r *http.Request, token entra.Secret) *verify.Report
}

func (c challenge) refuse(w http.ResponseWriter, r *http.Request, token entra.Secret, why error) {
	p := problemOf(why)
	if c.malformed != 0 && errors.Is(why, ErrMalformed) {
		p.Status = c.malformed
	}
	// What is wrong with the request itself needs no report: it is said anyway.
	if about := (*verify.Error)(nil); c.judge != nil && errors.As(why, &about) {
		p.Detail, p.Checks = string(about.Check)+": "+about.Reason.Error(), checksOf(c.judge(r, token))
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

// problemOf chooses status, code and one sentence. For a refused token the
// sentence is always the same, because the difference between two of them is
// what someone who forges tokens would learn from.
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
		return Problem{Status: http.StatusForbidden, Error: "insufficient_scope", Detail: "the token is valid, but it lacks permission" + required(why)}
	case errors.Is(why, verify.ErrRefused):
		return Problem{Status: http.StatusUnauthorized, Error: "invalid_token", Detail: "the access token is expired, malformed, or not meant for this API"}
	}
	return Problem{Status: http.StatusServiceUnavailable, Detail: "the token cannot be checked now; keep it and try again"}
}

// required names the missing roles or scopes. Unlike the reason of a 401 that is
// no help to a forger, since the token is believed, and the whole answer to its
// owner.
func required(why error) string {
	if about := (*verify.Error)(nil); errors.As(why, &about) && about.Expected != "" {
		return ": this API requires " + quoted(about.Expected)
	}
	return ""
}

func tooLargeProblem(limit int64) Problem {
	return Problem{Status: http.StatusRequestEntityTooLarge, Detail: "the body is larger than " + strconv.FormatInt(limit, 10) + " bytes"}
}

// header is the value of WWW-Authenticate. A request without a token gets no
// error code, because nothing about it is wrong (RFC 6750 section 3.1).
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

// quotedString writes a quoted-string of RFC 9110 section 5.6.4 in the letters
// that RFC 6750 section 3 leaves to error_description: printable ASCII without
// the quote and the backslash.
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

// retryAfter says when to come back, in whole seconds: what the verifier or its
// key source knows, up to 5 min, else 5 s.
func retryAfter(why error) string {
	var wait time.Duration
	about, unreachable := (*verify.Error)(nil), (*verify.UnreachableError)(nil)
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
