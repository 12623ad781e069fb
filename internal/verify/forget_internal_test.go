package verify

import (
	"reflect"
	"testing"
)

// TestClose: a hearing that waits for its next token holds nothing of the last one.
func TestClose(t *testing.T) {
	v, err := New(Policy{}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := v.open("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzZWNyZXQifQ.c2VjcmV0")
	if h.fault != nil || h.Token == nil || h.SigningInput == "" || h.Signature == nil {
		t.Fatalf("it was not read: %+v", h)
	}
	v.close(h)
	if want := (hearing{reader: h.reader}); !reflect.DeepEqual(*h, want) {
		t.Errorf("the hearing holds %+v", *h)
	}
}
