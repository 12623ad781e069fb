package entra_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"m2m/internal/entra"
)

const hidden = "abc8Q~x.Y_z-0123456789abcdefghijklmnop"

// credential hides its secret in every way a struct can.
type credential struct {
	secret   entra.Secret
	pointer  *entra.Secret
	list     []entra.Secret
	byName   map[string]entra.Secret
	anything any
	Open     entra.Secret
}

func newCredential() credential {
	s := entra.NewSecret(hidden)
	return credential{s, &s, []entra.Secret{s}, map[string]entra.Secret{"a": s}, s, s}
}

// mustHide fails if out holds the secret, plainly or in hexadecimal.
func mustHide(t *testing.T, how, out string) {
	t.Helper()
	for _, form := range []string{hidden, fmt.Sprintf("%x", hidden), fmt.Sprintf("%X", hidden),
		fmt.Sprintf("% x", hidden)} {
		if strings.Contains(out, form) {
			t.Errorf("%s prints the secret: %s", how, out)
		}
	}
}

func TestSecretPrintsRedacted(t *testing.T) {
	s := entra.NewSecret(hidden)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, s); got != "[redacted]" {
			t.Errorf("%s prints %q, want [redacted]", verb, got)
		}
	}
	if got := fmt.Sprintf("%q", s); got != `"[redacted]"` {
		t.Errorf("%%q prints %s, want \"[redacted]\"", got)
	}
	if got := s.String(); got != "[redacted]" {
		t.Errorf("String() = %q, want [redacted]", got)
	}
}

func TestSecretStaysHidden(t *testing.T) {
	s, nested := entra.NewSecret(hidden), newCredential()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%T", "%t", "%p", "%10.3v",
		"%!"} {
		for name, value := range map[string]any{
			"a secret": s, "its address": &s, "a struct": nested, "a pointer to a struct": &nested,
			"a list": []any{s, nested}, "a map": map[string]any{"k": nested},
			"an error": fmt.Errorf("login with %v: %w", nested, errors.New("refused")),
		} {
			mustHide(t, verb+" of "+name, fmt.Sprintf(verb, value))
		}
	}
}

func TestSecretStaysHiddenInJSON(t *testing.T) {
	got, err := json.Marshal(map[string]any{"secret": entra.NewSecret(hidden), "nested": newCredential()})
	if err != nil {
		t.Fatal(err)
	}
	mustHide(t, "JSON", string(got))
	if want := `{"nested":{"Open":"[redacted]"},"secret":"[redacted]"}`; string(got) != want {
		t.Errorf("JSON is %s, want %s", got, want)
	}
}

func TestSecretStaysHiddenInLogs(t *testing.T) {
	var out bytes.Buffer
	for name, handler := range map[string]slog.Handler{
		"text": slog.NewTextHandler(&out, nil), "JSON": slog.NewJSONHandler(&out, nil),
	} {
		out.Reset()
		s := entra.NewSecret(hidden)
		slog.New(handler).With("with", s).Info("login", "secret", s, "address", &s, "nested", newCredential(),
			slog.Group("g", "secret", s))
		mustHide(t, name+" log", out.String())
		if !strings.Contains(out.String(), "[redacted]") {
			t.Errorf("%s log shows no [redacted]: %s", name, out.String())
		}
	}
}

func TestSecretReveal(t *testing.T) {
	if got := entra.NewSecret(hidden).Reveal(); got != hidden {
		t.Errorf("Reveal() = %q, want %q", got, hidden)
	}
	var zero entra.Secret
	if zero.Reveal() != "" || !zero.IsZero() || !entra.NewSecret("").IsZero() {
		t.Error("the zero value and NewSecret(\"\") must be the empty secret")
	}
	if entra.NewSecret(hidden).IsZero() {
		t.Error("a secret with a value is not zero")
	}
	if got := fmt.Sprint(zero); got != "[redacted]" {
		t.Errorf("the empty secret prints %q: whether there is one is nobody's business either", got)
	}
}
