package verify

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// TestForget: a hearing that waits for its next token holds no more of the last
// one than its header, and that is a copy, which does not keep the token's text.
func TestForget(t *testing.T) {
	v, err := New(Policy{}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	segment := base64.RawURLEncoding.EncodeToString
	text := segment([]byte(`{"alg":"RS256"}`)) + "." + segment([]byte(`{"sub":"secret"}`)) + ".c2VjcmV0"
	h := v.open(text)
	r := h.reader
	if h.fault != nil || h.signingInput == "" || cap(r.encoded) == 0 || cap(r.decoded) == 0 {
		t.Fatalf("it was not read: %+v", h)
	}
	v.close(h)
	if h.token != nil || h.signingInput != "" || h.signature != nil {
		t.Errorf("the hearing holds %+v", h.parsed)
	}
	for _, buffer := range [][]byte{r.encoded[:cap(r.encoded)], r.decoded[:cap(r.decoded)]} {
		if len(bytes.Trim(buffer, "\x00")) > 0 {
			t.Errorf("the reader holds %q", buffer)
		}
	}
	if r.before.segment == "" || unsafe.StringData(r.before.segment) == unsafe.StringData(text) {
		t.Errorf("the header %q is not a copy", r.before.segment)
	}
}

// What stands before a fault is at the right places too.
func TestUntilFault(t *testing.T) {
	got, err := new(reader).object([]byte(" { \"a\" : \"x\" ,\n\"\\u0062\":[1, 2] , \"a\":3}"), claimNames)
	if !errors.Is(err, ErrNameDuplicate) {
		t.Errorf("want ErrNameDuplicate, got %v", err)
	}
	if diff := cmp.Diff([]Member{{"a", `"x"`}, {"b", "[1, 2]"}}, slices.Collect(got.All())); diff != "" {
		t.Error(diff)
	}
}
