package jwt_test

import (
	"errors"
	"strings"
	"testing"

	"m2m/internal/jwks/issuertest"
	"m2m/internal/jwt"
)

// An empty text and one without a dot are told apart for a reader.
func TestSegmentsInWords(t *testing.T) {
	for text, want := range map[string]string{
		"": "found nothing", "hello": "found no dot at all", "a.b": "found 2 parts", "a.b.c.d": "found 4 parts",
	} {
		if _, err := jwt.Decode(text); !errors.Is(err, jwt.ErrSegments) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want %q, got %v", text, want, err)
		}
	}
}

// TestOddLetterInWords: a letter beyond ASCII is shown as it was written, such as
// the ellipsis of a program that cut a token short.
func TestOddLetterInWords(t *testing.T) {
	if _, err := jwt.Decode(issuertest.Valid() + "…"); !errors.Is(err, jwt.ErrCharset) ||
		!strings.Contains(err.Error(), "found '…' at byte ") {
		t.Errorf("want the ellipsis named, got %v", err)
	}
}

// What Windows PowerShell makes of a token is called by its name.
func TestUTF16InWords(t *testing.T) {
	text := "\xff\xfe" + strings.Join(strings.Split(issuertest.Valid(), ""), "\x00") + "\x00"
	if _, err := jwt.Decode(text); !errors.Is(err, jwt.ErrCharset) || !strings.Contains(err.Error(), "found UTF-16") {
		t.Errorf("want UTF-16 named, got %v", err)
	}
}
