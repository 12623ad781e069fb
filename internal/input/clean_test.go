package input_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/input"
)

func TestClean(t *testing.T) {
	tests := []struct {
		name, input, want string
		stripped          []string
		says              string // a part of the error, if there is one
	}{
		{"as it is", "a.b.c", "a.b.c", nil, ""},
		{"line break at the end", "a.b.c\r\n", "a.b.c", []string{"white space"}, ""},
		{"byte order mark", "\ufeffa.b.c\r\n", "a.b.c", []string{"white space", "a byte order mark"}, ""},
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
