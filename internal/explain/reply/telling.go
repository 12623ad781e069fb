package reply

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"m2m/internal/text"
)

const maxSaid = 300 // bytes of the line with the words that say most

// Telling returns the parts that say most about why: the codes that lead to the
// message, and the message. The rest is among the facts.
func (r *Reply) Telling() []Part {
	shown := r.Shown()
	message := slices.IndexFunc(shown, func(p Part) bool {
		return (p.Role == Message || p.Role == Title) && SaysWhy(p.Text)
	})
	if message < 0 {
		message = slices.IndexFunc(shown, func(p Part) bool { return p.Role == Message || p.Role == Title })
	}
	var parts []Part
	for i, p := range shown {
		if p.Role == Code && len(parts) < 3 && (message < 0 || !strings.Contains(shown[message].Text, p.Text)) && !isNumber(p.Text) &&
			(SaysWhy(p.Text) || message < 0) && (message < 0 || belongs(p.Place, shown[message].Place)) || i == message {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 && len(shown) > 0 {
		parts = shown[:1]
	}
	return parts
}

// belongs reports whether a code is about the same error as a message: it is not in
// another element of a list.
func belongs(code, message string) bool {
	parts := strings.Split(code, ".")
	for i, part := range slices.Backward(parts) {
		if _, err := strconv.Atoi(part); err == nil {
			return strings.HasPrefix(message, strings.Join(parts[:i+1], ".")+".")
		}
	}
	return true
}

func isNumber(s string) bool { return !strings.ContainsFunc(s, unicode.IsLetter) }

// Sentence joins codes and message: "Forbidden, ForbiddenByRbac: Caller is not …".
func Sentence(parts []Part) string {
	var codes []string
	message := ""
	for _, p := range parts {
		if p.Role == Code {
			codes = append(codes, p.Text)
		} else {
			message = p.Text
		}
	}
	line := strings.Join(codes, ", ")
	if line != "" && message != "" {
		line += ": "
	}
	return text.Cut(line+message, maxSaid)
}

// emptyWords are what APIs write where they say nothing about why.
var emptyWords = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, s := range []string{
		"unauthorized", "forbidden", "access denied", "access is denied", "denied", "not authorized", "unauthorised", "error", "failed",
		"authorization has been denied for this request", "invalid token", "invalid_token", "invalidtoken", "the access token is invalid",
		"the token is invalid", "token is invalid", "authentication failed", "authorization failed", "authentication error", "auth error",
		"access token is invalid", "invalid access token", "invalid credentials", "bad credentials", "could not validate credentials",
		"unauthenticated", "not authenticated", "you are not authorized", "permission denied", "permissiondenied", "bad request", "badrequest",
		"an error occurred", "an error has occurred", "something went wrong", "request failed", "authentication required", "no access",
		"you don't have permission to access this resource", "the access token provided is expired, revoked, malformed, or invalid",
		"the access token provided is expired, revoked, malformed, or invalid for other reasons", "insufficient_scope", "internal server error",
		"the access token is expired, malformed, or not meant for this api", "unknown error", "error message", "details", "failure", "false",
		"authorization required", "you are not authorized to access this resource", "unable to authenticate", "unauthorized access", "null",
		"httpexception", "unauthorizedexception", "forbiddenexception", "accessdeniedexception", "unauthorizederror", "api error", "apierror",
		"401 unauthorized", "403 forbidden", "the request is unauthorized", "access to this resource is denied", "invalid or missing token",
		"token verification failed", "token validation failed", "jwt verification failed", "invalid jwt", "invalid jwt token",
		"jwt invalid", "jwt is invalid", "unknownerror",
		"fail", "status", "v1", "service unavailable", "bad gateway", "not found", "too many requests", "gateway timeout", "server error",
		"full authentication is required to access this resource", "invalid authentication token", "security token validation failed",
		"the token is valid, but it lacks a role or scope that this api requires", "you do not have permission to perform this action",
		"authorizationerror", "authenticationerror", "insufficient_claims", "not allowed", "request is not authorized", "user is not authorized",
	} {
		m[s] = true
	}
	for status := 400; status < 600; status++ {
		m[strings.ToLower(http.StatusText(status))] = true
	}
	return m
})

// SaysWhy reports whether a text says more than that the request was rejected.
func SaysWhy(s string) bool {
	plain := strings.ToLower(strings.Trim(strings.TrimSpace(s), ".!:;\"' "))
	if plain == "" || emptyWords()[plain] {
		return false
	}
	// "401 Unauthorized nginx/1.25.3", "Unauthorized - 401", "Forbidden. Access denied."
	for _, piece := range strings.FieldsFunc(plain, func(r rune) bool { return r == '.' || r == ':' || r == '-' || r == '|' || r == '/' }) {
		piece = strings.TrimFunc(piece, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsSpace(r) || unicode.IsPunct(r) })
		if piece != "" && !emptyWords()[piece] && !slices.Contains([]string{"nginx", "openresty", "http", "status", "code",
			"error code"}, piece) {
			return true
		}
	}
	return false
}

// GivesReason reports whether the other side says anything about why.
func (r *Reply) GivesReason() bool {
	return slices.ContainsFunc(r.Shown(), func(p Part) bool {
		return p.Place != "realm" && SaysWhy(p.Text) && !isAddressParameter(p) &&
			p.Text != "InvalidAuthenticationToken"
	})
}

// isAddressParameter finds the parameters of a challenge that say where tokens come
// from, and not what was wrong with this one.
func isAddressParameter(p Part) bool {
	return p.Role == Value && (strings.Contains(p.Place, "authorization") || strings.Contains(p.Place, "resource") ||
		strings.Contains(p.Place, "client_id") || strings.Contains(p.Place, "issuer") || strings.Contains(p.Place, "service") ||
		strings.Contains(p.Place, "scope"))
}
