package entra_test

import (
	"errors"
	"testing"

	"m2m/internal/entra"
)

func TestLowerASCII(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		ascii    bool
	}{
		{"", "", true},
		{"API.Example.org:8443", "api.example.org:8443", true},
		{"[::1]", "[::1]", true},
		{"apİ.Example", "apİ.example", false},
		{"api.\u212Aafka", "api.\u212Aafka", false},
		{"ſale", "ſale", false},
		{"ÄPFEL", "Äpfel", false},
	} {
		if got := entra.LowerASCII(tt.in); got != tt.want {
			t.Errorf("LowerASCII(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if got := entra.IsASCII(tt.in); got != tt.ascii {
			t.Errorf("IsASCII(%q) = %v", tt.in, got)
		}
	}
}

// A host that only Unicode's lower case makes Entra's is not Entra's.
func TestAuthorityHostOfAnotherAlphabet(t *testing.T) {
	for _, host := range []string{
		"https://logİn.microsoftonline.com", "https://log%C4%B0n.microsoftonline.com", "login.par\u212Aner.example",
	} {
		if got, err := entra.ParseAuthorityHost(host); !errors.Is(err, entra.ErrAuthorityHost) {
			t.Errorf("ParseAuthorityHost(%q) = %q, %v", host, got, err)
		}
	}
}
