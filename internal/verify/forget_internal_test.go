package verify

import (
	"reflect"
	"testing"
)

// TestEnd: an evaluation that waits for its next token holds nothing of the last one.
func TestEnd(t *testing.T) {
	v, err := New(Policy{}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := v.begin("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzZWNyZXQifQ.c2VjcmV0")
	if h.fault != nil || h.Token == nil || h.SigningInput == "" || h.Signature == nil {
		t.Fatalf("it was not read: %+v", h)
	}
	v.end(h)
	if want := (evaluation{reader: h.reader}); !reflect.DeepEqual(*h, want) {
		t.Errorf("the evaluation holds %+v", *h)
	}
}
