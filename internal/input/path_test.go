package input_test

import (
	"strings"
	"testing"

	"m2m/internal/input"
)

func TestCheckPath(t *testing.T) {
	for value, want := range map[string]string{
		"/etc/ssl/app.pem": "", "app.pfx": "", "token": "", `C:\keys\app.pfx`: "", "": "", "-": "",
		"/home/me/" + strings.Repeat("dir/", 60) + "a": "",
		"-----BEGIN EC PRIVATE KEY-----\nMHc":          "a private key itself",
		"-----BEGIN CERTIFICATE----- MII":              "a certificate itself",
		"a\nb":                                         "several lines",
		`{"access_token":"x"}`:                         "JSON",
		jwt:                                            "a token itself",
		secret:                                         "a client secret itself",
		"MII" + strings.Repeat("a+/9", 40):             "base64",
		strings.Repeat("Ab9+", 80):                     "base64",
		"https://a.example/ca.pem":                     "an address",
	} {
		err := input.CheckPath(value)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", value, err, want)
		}
	}
}

func TestIsPathLike(t *testing.T) {
	for value, want := range map[string]bool{
		"/etc/x": true, "./x": true, "app.pem": true, "keys/app.pem": true, `C:\a`: true, "~/a": true,
		"hunter2": false, "P@ssw0rd!.x": false, secret: false, jwt: false, "": false, strings.Repeat("ab", 99): false,
	} {
		if got := input.IsPathLike(value); got != want {
			t.Errorf("%.40q: %v", value, got)
		}
	}
}
