package verify

import (
	"errors"
	"fmt"
	"testing"
)

// The names that decide something are listed once for an object, however many
// of its names need a closer look, and not at all where none does.
func TestKnownNamesAreListedOnce(t *testing.T) {
	for _, tt := range []struct {
		name, format string
		want         int
	}{
		{"upper case", `%s,"A%d":1`, 1},
		{"another alphabet", `%s,"\u4e00%d":1`, 1},
		{"lower case", `%s,"a%d":1`, 0},
	} {
		text, listed := `{"x":1`, 0
		for i := range maxMembers - 1 {
			text = fmt.Sprintf(tt.format, text, i)
		}
		known := func() []string { listed++; return claimNames() }
		got, err := new(reader).object([]byte(text+"}"), known)
		if err != nil || got.Len() != maxMembers || listed != tt.want {
			t.Errorf("%s: %d members, %v, listed %d times; want %d", tt.name, got.Len(), err, listed, tt.want)
		}
		if _, err := new(reader).object([]byte(text+`,"y":1}`), known); !errors.Is(err, ErrMembers) {
			t.Errorf("%s: one more: %v, want ErrMembers", tt.name, err)
		}
	}
}
