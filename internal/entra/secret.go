package entra

import (
	"log/slog"

	"m2m/internal/text"
)

// Secret holds a value that must not be printed: a client secret, an access token, an
// assertion, the password of a key. It prints as "[redacted]" in fmt, log/slog
// and every text encoding, so that a forgotten %v cannot leak it.
//
// The value sits behind a pointer because fmt does not call methods on
// unexported fields: a struct that holds a Secret would otherwise print it.
//
// The zero value is the empty secret.
type Secret struct{ value *string }

// NewSecret wraps value. The empty one makes the zero value, so that two secrets
// that hold nothing are equal.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{&value}
}

// Reveal returns the value itself. Reviews look at every call of it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// String implements fmt.Stringer and never returns the value.
func (s Secret) String() string { return text.Redacted }

// GoString implements fmt.GoStringer, which %#v uses.
func (s Secret) GoString() string { return text.Redacted }

// MarshalText implements encoding.TextMarshaler, which JSON and YAML use.
func (s Secret) MarshalText() ([]byte, error) { return []byte(text.Redacted), nil }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(text.Redacted) }
