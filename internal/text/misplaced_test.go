package text

import (
	"strings"
	"testing"
)

func TestLooksSecret(t *testing.T) {
	for _, value := range []string{
		"-----BEGIN PRIVATE KEY-----", "MIIB\nMIIC", "a\rb", "C:\\x\x00", "\x1b[2J",
		"Ab18Q~secret-of-a_that.is-never.printed", "eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.", strings.Repeat("a", 101),
		"mine~abcdefghijklmnopqrstuvw",
		"q8Kd03Lm+vP2sYx91Zr/tQeW7aBn4cJh", "9z0K3pQ7vT2xB5nM8cR1", "http://svc:9z0K3pQ7vT2xB5nM@proxy:8080",
		"/home/u/9z0K3pQ7vT2xB5nM8cR1",
	} {
		if !LooksSecret(value) {
			t.Errorf("%q is shown", value)
		}
	}
	for _, value := range []string{
		"", "common", "azure", "your-client-id", "contoso.onmicrosoft.com", "72f9c1d4-0b6e-4a57-9c3d-5e8f2a1b7c60",
		"api://orders/.default", "https://login.microsoftonline.us", "/etc/ssl/certs/ca-certificates.crt",
		`C:\Users\me\My Certificates\client2026.pfx`, "/tmp/TestScripts1234567890/script-call_suite/mine.pem",
		"~/.ssh/id_rsa", "5s", "MyCompanyOrdersApi2026", "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/m2m.pem",
		"3f786850e387550fdab836ed7e6dc881de23001b",
	} {
		if LooksSecret(value) {
			t.Errorf("%q is not shown", value)
		}
	}
	if got := QuoteGiven("a"); got != `"a"` {
		t.Errorf("QuoteGiven(a) = %s", got)
	}
	if got := QuoteGiven("a\nb"); got != NotShown {
		t.Errorf("QuoteGiven of two lines = %s", got)
	}
}

func TestRedactPrivateKey(t *testing.T) {
	const key = "-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----"
	for s, want := range map[string]string{
		"a " + key + " b " + key: "a -----BEGIN EC PRIVATE KEY-----[redacted] b -----BEGIN EC PRIVATE KEY-----[redacted]",
		"-----BEGIN CERTIFICATE-----\nMIIB\n-----BEGIN PRIVATE KEY-----\\nMII": "-----BEGIN CERTIFICATE-----\nMIIB\n" +
			"-----BEGIN PRIVATE KEY-----[redacted]",
		"-----BEGIN": "-----BEGIN",
	} {
		if got := Redact(s); got != want {
			t.Errorf("Redact(%q) = %q, want %q", s, got, want)
		}
	}
}
