package forge

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"testing"
)

// TestTheFormIsSentAsOne reads, as a server does, a request that has content of
// its own and is given a form in its place.
func TestTheFormIsSentAsOne(t *testing.T) {
	target := &url.URL{Scheme: "http", Host: "api.example.com", Path: "/orders"}
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"text/csv"}}
	form := NewRequest("PUT", target, header,
		[]byte(`{"item":"bolt"}`)).withMethod("POST").withBody("application/x-www-form-urlencoded", "access_token=t")
	read, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(form.Bytes())))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(read.Body)
	if err != nil || string(body) != "access_token=t" {
		t.Errorf("the content is %q (%v)", body, err)
	}
	if kinds := read.Header.Values("Content-Type"); len(kinds) != 1 || kinds[0] != "application/x-www-form-urlencoded" {
		t.Errorf("the content types are %q, want that of a form alone", kinds)
	}
	if read.Header.Get("Accept") != "text/csv" {
		t.Errorf("the caller's own header was lost: %v", read.Header)
	}
}
