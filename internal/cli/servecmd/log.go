package servecmd

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"m2m/internal/cli"
	"m2m/internal/exit"
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
		outcome = fmt.Sprintf("rejected with AADSTS%d: %s", r.Code, text.OneLine(r.Reason, 200))
	}
	env.Say("%s token request: client %s, %s, resource %s: %s",
		r.Time.UTC().Format(time.TimeOnly), text.Quote(r.ClientID), r.Credential, text.Quote(r.Resource), outcome)
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
	logger.Warn("token request rejected", append(fields, "error", r.Error, "aadsts", r.Code, "reason", r.Reason)...)
}

// tunnelLine prints the outcome of one proxy request for a host that is not the
// tenant's.
func tunnelLine(env *cli.Env, r intercept.Request) {
	outcome := "tunnelled"
	if r.Status != http.StatusOK {
		outcome = fmt.Sprintf("rejected with HTTP %d: %s", r.Status, text.OneLine(r.Reason, 200))
	}
	env.Say("%s proxy request: %s: %s", r.Time.UTC().Format(time.TimeOnly), text.Quote(r.Target), outcome)
}

// logTunnel is the same as JSON for programs. Its names are stable.
func logTunnel(logger *slog.Logger, r intercept.Request) {
	if r.Status == http.StatusOK {
		logger.Info("tunnel opened", "target", r.Target, "status", r.Status)
		return
	}
	logger.Warn("tunnel rejected", "target", r.Target, "status", r.Status, "reason", r.Reason)
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

// logOptions are the flags of the request log.
type logOptions struct {
	accessLog bool
	logClaims string
	logFormat string
}

func (l *logOptions) add(flags *pflag.FlagSet) {
	flags.BoolVar(&l.accessLog, "access-log", false, "log accepted requests too, not only rejected ones")
	flags.StringVar(&l.logClaims, "log-claims", "", "log these `CLAIMS` of accepted tokens, such as sub,azp,appid,scp,roles")
	flags.StringVar(&l.logFormat, "log-format", "text", "the log's `FORMAT`: text or json")
}

// logger writes to stderr in the form of --log-format.
func (l logOptions) logger(stderr io.Writer) (*slog.Logger, error) {
	options := &slog.HandlerOptions{ReplaceAttr: redactAttr}
	switch l.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(stderr, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(stderr, options)), nil
	}
	return nil, exit.Usagef("--log-format is neither text nor json").Hint("give --log-format text or --log-format json")
}

// redactAttr redacts text as cli.Env.Say does: callers put tokens and secrets into
// paths, IDs and scopes.
func redactAttr(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindString {
		a.Value = slog.StringValue(text.Redact(a.Value.String()))
	}
	return a
}

// claims lists the names in --log-claims.
func (l logOptions) claims() []string {
	return strings.FieldsFunc(l.logClaims, func(r rune) bool { return r == ',' || r == ' ' })
}
