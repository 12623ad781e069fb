package verify

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// Every byte, at every place in a text, is written as jsontext would write it.
func TestAppendText(t *testing.T) {
	for b := range 256 {
		for at := range 18 {
			text := strings.Repeat("a", at) + string([]byte{byte(b)}) + strings.Repeat("a", 17-at)
			want, _ := jsontext.AppendQuote(nil, text)
			if got := appendText(nil, text); string(got) != string(want) {
				t.Fatalf("%q: want %s, got %s", text, want, got)
			}
		}
	}
}
