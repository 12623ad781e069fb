package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"

	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/verify"
)

// maxCause is how much of the text of a fault a log line takes, in bytes: all that says
// what is wrong.
const maxCause = 400

// maxElements is how many elements of one claim a log line takes.
const maxElements = 32

// logRequest logs a request at its end: every rejected or failed one, and every
// other one where the access log is on.
func (a *API) logRequest(x *exchange, r *http.Request) {
	if x.rejected == nil && x.failed == nil && (!a.config.AccessLog || x.quiet) {
		return
	}
	level, message := slog.LevelInfo, "request answered"
	if x.rejected != nil {
		level, message = slog.LevelWarn, "request rejected"
	}
	if x.failed != nil {
		level, message = slog.LevelError, "upstream failed"
	}
	if !a.log.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", x.id),
		slog.String("trace_id", x.trace(r).TraceID),
		slog.String("span_id", x.trace(r).SpanID),
		slog.String("method", quoted(r.Method)),
		slog.String("path", quoted(r.URL.Path)),
		slog.String("remote", r.RemoteAddr),
		slog.Int("status", x.answer.status),
		slog.Duration("duration", a.config.Now().Sub(x.started)),
	}
	switch {
	case x.rejected != nil:
		attrs = append(attrs, rejectionAttrs(x)...)
	case x.failed != nil:
		attrs = append(attrs, slog.String("reason", text.Bound(text.Redact(x.failed.Error()), maxCause)))
	case x.caller != nil:
		attrs = append(attrs, slog.String("client_id", quoted(x.caller.ClientID)))
		attrs = append(attrs, agentAttrs(x.caller)...)
		attrs = append(attrs, claimAttrs(x.caller, a.config.LogClaims)...)
	}
	a.log.LogAttrs(r.Context(), level, message, attrs...)
}

// rejectionAttrs are the reason and the token's unverified claims.
func rejectionAttrs(x *exchange) []slog.Attr {
	attrs := make([]slog.Attr, 0, 5)
	about := (*verify.Error)(nil)
	if unreachable := (*jwks.UnreachableError)(nil); errors.As(x.rejected, &unreachable) {
		attrs = append(attrs, slog.String("cause", text.Bound(text.Redact(jwks.ErrorText(unreachable)), maxCause)))
	}
	if errors.As(x.rejected, &about) {
		attrs = append(attrs,
			slog.String("check", string(about.Check)),
			slog.String("reason", about.Reason.Error()),
			slog.String("expected", quoted(about.Expected)),
			slog.String("found", quoted(about.Found)))
	} else {
		attrs = append(attrs, slog.String("reason", quoted(x.rejected.Error())))
	}
	if t := x.claimed; t != nil {
		attrs = append(attrs, slog.Group("claimed",
			slog.String("kid", quoted(t.KeyID)),
			slog.String("iss", quoted(t.Issuer)),
			slog.String("aud", quoted(t.Audience)),
			slog.String("tid", quoted(t.TenantID)),
			slog.String("client_id", quoted(t.ClientID))))
	}
	return attrs
}

// agentAttrs say which Entra agent identity called. Its client ID is the agent's; the
// blueprint is for the log, not for decisions.
func agentAttrs(t *jwt.Token) []slog.Attr {
	agent, ok := t.Agent()
	if !ok {
		return nil
	}
	return []slog.Attr{slog.String("agent", quoted(t.ClientID)), slog.String("blueprint", quoted(agent.Blueprint))}
}

// claimAttrs returns the named claims as one group, or nothing if none is named.
func claimAttrs(t *jwt.Token, names []string) []slog.Attr {
	if len(names) == 0 {
		return nil
	}
	claims := make([]slog.Attr, 0, len(names))
	for _, name := range names {
		raw, _ := t.Claim(name)
		claims = append(claims, slog.Any(name, loggable(raw)))
	}
	return []slog.Attr{{Key: "claims", Value: slog.GroupValue(claims...)}}
}

// loggable converts the JSON of a claim to a log value: a string, a list of
// strings, nil for an absent claim, and the JSON itself for anything else.
func loggable(raw string) any {
	if raw == "" {
		return nil
	}
	var value string
	if json.Unmarshal([]byte(raw), &value) == nil && raw[0] == '"' {
		return quoted(value)
	}
	var list []string
	if json.Unmarshal([]byte(raw), &list) != nil || raw[0] != '[' {
		return quoted(raw)
	}
	shown := make([]string, 0, maxElements+1)
	for i, element := range list {
		if i == maxElements {
			shown = append(shown, fmt.Sprintf("… %d more", len(list)-maxElements))
			break
		}
		shown = append(shown, quoted(element))
	}
	return shown
}

// recoverPanic turns a handler's panic into a response and a log line. The panic's
// value may hold a token, so only its type is logged, and its text where the
// runtime made it. The stack has no values.
func (a *API) recoverPanic(x *exchange, r *http.Request) {
	fault := recover()
	if fault == nil {
		return
	}
	if fault == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		panic(fault)
	}
	x.panicked = true
	shown := fmt.Sprintf("%T", fault)
	if err, ok := fault.(runtime.Error); ok {
		shown = quoted(err.Error())
	}
	a.log.ErrorContext(r.Context(), "request failed",
		"request_id", x.id, "trace_id", x.trace(r).TraceID, "span_id", x.trace(r).SpanID, "method", quoted(r.Method), "path", quoted(r.URL.Path),
		"remote", r.RemoteAddr,
		"panic", shown, "stack", string(debug.Stack()))
	if x.answer.status != 0 {
		// The response has begun; only a cut connection shows that it is incomplete.
		panic(http.ErrAbortHandler)
	}
	failedProblem().write(&x.answer, r)
}
