package serve_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
)

// naive is a slog.Handler that escapes nothing.
type naive struct{ w io.Writer }

func (naive) Enabled(context.Context, slog.Level) bool { return true }
func (n naive) WithAttrs([]slog.Attr) slog.Handler     { return n }
func (n naive) WithGroup(string) slog.Handler          { return n }

func (n naive) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += fmt.Sprintf(" %s=%v", a.Key, a.Value)
		return true
	})
	_, err := io.WriteString(n.w, line+"\n")
	return err
}
