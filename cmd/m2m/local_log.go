package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"m2m/internal/cli"
	"m2m/internal/local"
	"m2m/internal/tenant"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/intercept"
	"m2m/internal/text"
)

// newObservers write a line about each event at a tenant, in the form of the API's
// log. No line holds a secret or a token.
func newObservers(env *cli.Env, o logOptions) (local.Observers, error) {
	if o.logFormat == "text" {
		return local.Observers{
			OnTokenRequest: func(r tenant.TokenRequest) { tokenRequestLine(env, r) },
			OnTunnel:       func(r intercept.Request) { tunnelLine(env, r) },
			OnFault:        func(f fault.Answer) { faultLine(env, f) },
		}, nil
	}
	logger, err := o.logger(env.Stderr)
	if err != nil {
		return local.Observers{}, err
	}
	return local.Observers{
		OnTokenRequest: func(r tenant.TokenRequest) { logTokenRequest(logger, r) },
		OnTunnel:       func(r intercept.Request) { logTunnel(logger, r) },
		OnFault:        func(f fault.Answer) { logFault(logger, f) },
	}, nil
}

// tokenRequestLine prints the outcome of one token request.
func tokenRequestLine(env *cli.Env, r tenant.TokenRequest) {
	outcome := "issued"
	if r.Code != 0 {
		outcome = fmt.Sprintf("refused with AADSTS%d: %s", r.Code, text.OneLine(r.Reason, 200))
	}
	env.Say("%s token request: client %q, %s, resource %q: %s",
		r.Time.UTC().Format(time.TimeOnly), r.ClientID, r.Credential, r.Resource, outcome)
}

// logTokenRequest is the same as JSON for programs. Its names are stable.
func logTokenRequest(logger *slog.Logger, r tenant.TokenRequest) {
	fields := []any{
		"tenant", r.Tenant, "client_id", r.ClientID, "credential", string(r.Credential), "resource", r.Resource,
		"status", r.Status, "trace_id", r.TraceID, "correlation_id", r.CorrelationID,
	}
	if r.Status == http.StatusOK {
		logger.Info("token issued", fields...)
		return
	}
	logger.Warn("token refused", append(fields, "error", r.Error, "aadsts", r.Code, "reason", r.Reason)...)
}

// tunnelLine prints the outcome of one proxy request for a host that is not the
// tenant's.
func tunnelLine(env *cli.Env, r intercept.Request) {
	outcome := "tunnelled"
	if r.Status != http.StatusOK {
		outcome = fmt.Sprintf("refused with HTTP %d: %s", r.Status, text.OneLine(r.Reason, 200))
	}
	env.Say("%s proxy request: %q: %s", r.Time.UTC().Format(time.TimeOnly), r.Target, outcome)
}

// logTunnel is the same as JSON for programs. Its names are stable.
func logTunnel(logger *slog.Logger, r intercept.Request) {
	if r.Status == http.StatusOK {
		logger.Info("tunnel opened", "target", r.Target, "status", r.Status)
		return
	}
	logger.Warn("tunnel refused", "target", r.Target, "status", r.Status, "reason", r.Reason)
}

// logFault is the same as faultLine, as JSON for programs. Its names are stable.
func logFault(logger *slog.Logger, f fault.Answer) {
	logger.Warn("fault on request", "fault", f.Fault, "method", f.Method, "path", f.Path)
}

// faultLine prints that a request met a fault.
func faultLine(env *cli.Env, f fault.Answer) {
	path := f.Path
	if strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r > '~' }) {
		path = text.Quote(path)
	}
	env.Say("%s fault %s: %s %s", f.Time.UTC().Format(time.TimeOnly), f.Fault, f.Method, path)
}
