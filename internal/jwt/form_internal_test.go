package jwt

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
)

// A reader that has read the same header before, or another, reads every token as
// a new one does: nothing of the token before is in the next.
func TestHeaderReadBefore(t *testing.T) {
	segment := base64.RawURLEncoding.EncodeToString
	header := func(kid string) string { return segment([]byte(`{"typ":"JWT","alg":"RS256","kid":"` + kid + `"}`)) }
	claims := func(oid string) string { return segment([]byte(`{"oid":"` + oid + `","roles":["r"],"iat":1}`)) }
	long := header(strings.Repeat("k", maxHeader))
	texts := []string{
		header("a") + "." + claims("1") + ".AAAA",
		header("a") + "." + claims("2") + ".BBBB",
		header("b") + "." + claims("1") + ".AAAA",
		header("b") + "." + segment([]byte(`{}`)) + ".AAAA",
		header("b") + "." + segment([]byte(`{"oid":1}`)) + ".AAAA",
		header("b") + "..AAAA",
		header("b") + "." + claims("1"),
		header("a\\u0062") + "." + claims("3") + ".CCCC",
		segment([]byte(`{"alg":"RS256","ALG":"none"}`)) + "." + claims("4") + ".AAAA",
		"." + claims("4") + ".AAAA",
		long + "." + claims("5") + ".AAAA",
	}
	used := new(Reader)
	for _, first := range texts {
		for _, second := range texts {
			for _, text := range []string{first, first, second, second} {
				want, wantFault := new(Reader).Parse(text)
				got, fault := used.Parse(text)
				if !reflect.DeepEqual(want, got) || !reflect.DeepEqual(wantFault, fault) {
					t.Fatalf("%.80s after %.80s: want %+v, %v, got %+v, %v", text, first, want, wantFault, got, fault)
				}
			}
		}
	}
	if used.Parse(texts[0]); used.lastHeader.segment != header("a") {
		t.Errorf("want the header remembered, got %q", used.lastHeader.segment)
	}
	if used.Parse(long + "." + claims("5") + ".AAAA"); len(used.lastHeader.segment) > maxHeader {
		t.Errorf("%d bytes of a header are remembered", len(used.lastHeader.segment))
	}
}
