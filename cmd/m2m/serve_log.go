package main

import (
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/pflag"

	"m2m/internal/exit"
	"m2m/internal/text"
)

// logOptions are the flags of the request log.
type logOptions struct {
	accessLog bool
	logClaims string
	logFormat string
}

func (l *logOptions) add(flags *pflag.FlagSet) {
	flags.BoolVar(&l.accessLog, "access-log", false, "log accepted requests too, not only refused ones")
	flags.StringVar(&l.logClaims, "log-claims", "", "log these `CLAIMS` of accepted tokens, such as sub,azp,appid,scp,roles")
	flags.StringVar(&l.logFormat, "log-format", "text", "the `FORM` of the log: text or json")
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
