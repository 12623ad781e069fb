package servecmd

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
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

// newObservers write a line about each event at a tenant to the log of its API. No line
// holds a secret or a token.
func newObservers(env *cli.Env, logger *slog.Logger) local.Observers {
	if _, ok := logger.Handler().(*lineHandler); ok {
		return local.Lines(env.Say)
	}
	return local.Observers{
		OnTokenRequest: func(r tenant.TokenRequest) { logTokenRequest(logger, r) },
		OnTunnel:       func(r intercept.Request) { logTunnel(logger, r) },
		OnFault:        func(f fault.Answer) { logFault(logger, f) },
	}
}

// logTokenRequest is a token request as JSON for programs. Its names are stable.
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

// logTunnel is a proxy request as JSON for programs. Its names are stable.
func logTunnel(logger *slog.Logger, r intercept.Request) {
	if r.Status == http.StatusOK {
		logger.Info("tunnel opened", "target", r.Target, "status", r.Status)
		return
	}
	logger.Warn("tunnel rejected", "target", r.Target, "status", r.Status, "reason", r.Reason)
}

// logFault is a request that met a fault, as JSON for programs. Its names are stable.
func logFault(logger *slog.Logger, f fault.Answer) {
	logger.Warn("fault on request", "fault", f.Fault, "method", f.Method, "path", f.Path)
}

// logOptions are the flags of the request log.
type logOptions struct {
	accessLog bool
	logClaims string
	logFormat string
	logFile   string
}

func (l *logOptions) add(flags *pflag.FlagSet) {
	flags.BoolVar(&l.accessLog, "access-log", false, "log accepted requests too, not only rejected ones")
	flags.StringVar(&l.logClaims, "log-claims", "", "log these `CLAIMS` of accepted tokens, such as sub,azp,appid,scp,roles")
	flags.StringVar(&l.logFile, "log-file", "", "append the log to `PATH` instead of stderr")
	flags.StringVar(&l.logFormat, "log-format", "text", "the log's `FORMAT`: text or json")
}

// logger writes to --log-file, else to stderr, in the form of --log-format.
func (l logOptions) logger(stderr io.Writer) (*slog.Logger, error) {
	if l.logFormat != "text" && l.logFormat != "json" {
		return nil, exit.Usagef("--log-format is neither text nor json").Hint("give --log-format text or --log-format json")
	}
	if l.logFile != "" {
		file, err := openLog(l.logFile)
		if err != nil {
			return nil, err
		}
		stderr = file
	}
	options := &slog.HandlerOptions{ReplaceAttr: redactAttr}
	if l.logFormat == "text" {
		return slog.New(slog.NewTextHandler(stderr, options)), nil
	}
	return slog.New(slog.NewJSONHandler(text.JSONWriter{Writer: stderr}, options)), nil
}

// localLogger is logger next to a local tenant. Its text for a terminal has the form of
// m2m's other lines there. The log of a COMMAND's API goes to stderr, which is the
// command's, only if it is asked for.
func (l logOptions) localLogger(env *cli.Env, command bool) (*slog.Logger, error) {
	switch {
	case l.logFile != "", l.logFormat != "text":
		return l.logger(env.Stderr)
	case command && !l.accessLog && l.logClaims == "" && !env.Debug:
		return slog.New(slog.DiscardHandler), nil
	}
	return slog.New(newLineHandler(env.Say)), nil
}

// openLog opens a log to append to. It follows no link but those of /dev.
func openLog(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSymlink != 0 && !strings.HasPrefix(path, "/dev/") {
		return nil, exit.Usagef("--log-file %s is a link, which m2m does not follow", text.Quote(path)).Hint("give the file itself")
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, exit.Usagef("--log-file cannot be opened: %v", err).Hint("give a file in a folder that can be written").Wrap(err)
	}
	return file, nil
}

// lineHandler writes records as m2m's lines for people: the time of day, the message,
// then the rest as slog.TextHandler writes it.
type lineHandler struct {
	slog.Handler // of the rest, to rest
	mu           *sync.Mutex
	rest         *bytes.Buffer
	say          func(format string, args ...any)
}

func newLineHandler(say func(format string, args ...any)) *lineHandler {
	rest := new(bytes.Buffer)
	return &lineHandler{slog.NewTextHandler(rest, &slog.HandlerOptions{ReplaceAttr: withoutHead}), new(sync.Mutex), rest, say}
}

// withoutHead drops the time, level and message of a record.
func withoutHead(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
		return slog.Attr{}
	}
	return redactAttr(groups, a)
}

// Handle implements slog.Handler.
func (h *lineHandler) Handle(ctx context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rest.Reset()
	err := h.Handler.Handle(ctx, r)
	h.say("%s %s: %s", r.Time.UTC().Format(time.TimeOnly), r.Message, strings.TrimSpace(h.rest.String()))
	return err
}

// WithAttrs implements slog.Handler.
func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &lineHandler{h.Handler.WithAttrs(attrs), h.mu, h.rest, h.say}
}

// WithGroup implements slog.Handler.
func (h *lineHandler) WithGroup(name string) slog.Handler {
	return &lineHandler{h.Handler.WithGroup(name), h.mu, h.rest, h.say}
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
