package input_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/input"
)

// jwt is the shape of a token: a header that is a JSON object, claims, a signature.
const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhIn0.c2ln"

func TestClean(t *testing.T) {
	once := base64.StdEncoding.EncodeToString([]byte(jwt))
	twice := base64.StdEncoding.EncodeToString([]byte(once + "\n"))
	utf16 := "\xff\xfe" + strings.Join(strings.Split(jwt, ""), "\x00") + "\x00\r\x00\n\x00"
	tests := []struct {
		name, input, want string
		stripped          []string
		says              string // a part of the error, if there is one
	}{
		{"as it is", "a.b.c", "a.b.c", nil, ""},
		{"line break at the end", "a.b.c\r\n", "a.b.c", []string{"white space"}, ""},
		{"byte order mark", "\ufeffa.b.c\r\n", "a.b.c", []string{"a byte order mark", "white space"}, ""},
		{"quotes", `"a.b.c"`, "a.b.c", []string{"quotes"}, ""},
		{"single quotes", "'a.b.c'", "a.b.c", []string{"quotes"}, ""},
		{"scheme", "Bearer a.b.c", "a.b.c", []string{"the scheme Bearer"}, ""},
		{"scheme in lower case", "bearer  a.b.c", "a.b.c", []string{"the scheme Bearer"}, ""},
		{"header line", "Authorization: Bearer a.b.c", "a.b.c", []string{"the header's name", "the scheme Bearer"}, ""},
		{
			"header line for curl", `"authorization:Bearer a.b.c"`, "a.b.c",
			[]string{"quotes", "the header's name", "the scheme Bearer"}, "",
		},
		{"quoted after the scheme", `Bearer "a.b.c"`, "a.b.c", []string{"the scheme Bearer", "quotes"}, ""},
		{"one quote", `"a.b.c`, `"a.b.c`, nil, ""},
		{"a token that begins with bearer", "bearerabc.b.c", "bearerabc.b.c", nil, ""},
		{"only the scheme", "Bearer", "Bearer", nil, ""},
		{"nothing", " \n", "", []string{"white space"}, ""},
		{"line break inside", "a.b\n.c", "", nil, "a line break after 3 of 6 characters"},
		{"space inside", "a.b .c", "", nil, "white space after 3 of 6 characters"},
		{"no-break space inside", "a.b\u00a0.c", "", nil, "U+00A0 after 3"},
		{"UTF-16", utf16, jwt, []string{"UTF-16", "white space"}, ""},
		{"no-break spaces around", "\u00a0" + jwt + "\u00a0", jwt, []string{"white space"}, ""},
		{"a zero-width space inside", jwt[:9] + "\u200b" + jwt[9:], jwt, []string{"invisible characters"}, ""},
		{"folded", jwt[:20] + "\n" + jwt[20:40] + "\r\n" + jwt[40:], jwt, []string{"line breaks or spaces inside"}, ""},
		{"folded and quoted in a mail", "> " + jwt[:20] + "\n> " + jwt[20:], jwt, []string{"line breaks or spaces inside"}, ""},
		{"folded by a shell", jwt[:20] + "\\\n" + jwt[20:], jwt, []string{"line breaks or spaces inside"}, ""},
		{"words split by the shell", "Authorization: Bearer " + jwt[:20] + " " + jwt[20:], jwt,
			[]string{"the header's name", "the scheme Bearer", "line breaks or spaces inside"}, ""},
		{"an assignment", "TOKEN=" + jwt, jwt, []string{"the variable's name"}, ""},
		{"an export", `export TOKEN="` + jwt + `"`, jwt, []string{"the variable's name", "quotes"}, ""},
		{"PowerShell", `$env:TOKEN = '` + jwt + `'`, jwt, []string{"the variable's name", "quotes"}, ""},
		{"token endpoint", `{"token_type":"Bearer","access_token":"` + jwt + `"}`, jwt, []string{"the JSON around it"}, ""},
		{"az", `{"accessToken":"` + jwt + `","tokenType":"Bearer"}`, jwt, []string{"the JSON around it"}, ""},
		{"ExecCredential", `{"kind":"ExecCredential","status":{"token":"` + jwt + `"}}`, jwt, []string{"the JSON around it"}, ""},
		{"GitHub", `{"value":"` + jwt + `"}`, jwt, []string{"the JSON around it"}, ""},
		{"a tool nobody knows", `[{"x":{"jwt":"Bearer ` + jwt + `"}}]`, jwt, []string{"the JSON around it"}, ""},
		{"access and ID token", `{"id_token":"eyJ9.b.c","access_token":"` + jwt + `"}`, jwt, []string{"the JSON around it"}, ""},
		{"an opaque token in JSON", `{"access_token":"abc"}`, "abc", []string{"the JSON around it"}, ""},
		{"an error in JSON", `{"error":"invalid_client"}`, `{"error":"invalid_client"}`, nil, ""},
		{"a URL's fragment", "https://jwt.ms/#access_token=" + jwt + "&token_type=Bearer", jwt, []string{"the text around it"}, ""},
		{"a form", "access_token=" + jwt + "&expires_in=1", jwt, []string{"the variable's name", "the text around it"}, ""},
		{"a curl command", `curl -H "Authorization: Bearer ` + jwt + `" https://a.example/`, jwt,
			[]string{"the text around it"}, ""},
		{"percent-encoded", "access_token%3D" + jwt + "%26a", jwt, []string{"percent-encoding", "the text around it"}, ""},
		{"base64", once, jwt, []string{"base64"}, ""},
		{"base64 twice", twice, jwt, []string{"base64"}, ""},
		{"a character too many", jwt + "!", jwt + "!", nil, ""},
		{"two JWTs", jwt + "\n" + jwt[:len(jwt)-2], "", nil, "a line break after"},
		{"two tokens", "a.b.c\nd.e.f\n", "", []string{"white space"}, "a line break after 5 of 11 characters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, stripped, err := input.Clean(tt.input)
			if got != tt.want || (err != nil) != (tt.says != "") {
				t.Fatalf("want %q, got %q, %v", tt.want, got, err)
			}
			if diff := cmp.Diff(tt.stripped, stripped); diff != "" {
				t.Error(diff)
			}
			if err != nil && (!errors.As(err, new(*input.SpaceError)) || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("want %q said, got %v", tt.says, err)
			}
		})
	}
}
