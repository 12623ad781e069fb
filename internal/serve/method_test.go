package serve_test

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"m2m/internal/serve"
)

// TestOddMethodsOverHTTP2 sends methods that HTTP/1.1 has no syntax for, in frames of
// its own: Go's client would reject them.
func TestOddMethodsOverHTTP2(t *testing.T) {
	lender := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer lender.Close()
	reached := 0
	upstream := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer upstream.Close()
	api, err := serve.New(serve.Config{
		Verifier: newVerifier(t, demoPolicy(), staticKeys(t)), Upstream: &serve.Upstream{URL: parsed(t, upstream.URL)},
	})
	if err != nil {
		t.Fatal(err)
	}
	addr := listen(t, serve.Server{Handler: api, TLS: &tls.Config{Certificates: lender.TLS.Certificates}})
	token := sign(t, appClaims(nil))
	for method, want := range map[string]string{
		"GET":                         "200",
		"PURGE":                       "200", // an upstream may have methods of its own
		"G E T":                       "400",
		"GET ":                        "400",
		" GET":                        "400",
		"GET /admin HTTP/1.1":         "400",
		"GET\tx":                      "400",
		"GET:":                        "400",
		"G\u00cbT":                    "400",
		"GET / HTTP/1.1\r\nX-Auth: a": "reset", // by net/http, as no field may hold a line break
		"":                            "reset",
	} {
		if got := statusOverHTTP2(t, lender, addr, method, token); got != want {
			t.Errorf("method %q: %s, want %s", method, got, want)
		}
	}
	if reached != 2 {
		t.Errorf("%d requests reached the upstream, want 2", reached)
	}
}

// statusOverHTTP2 sends one request with a token and returns the status of the response,
// or "reset" if the server ends the stream without one.
func statusOverHTTP2(t *testing.T, lender *httptest.Server, addr, method, token string) string {
	t.Helper()
	settings := lender.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	settings.NextProtos = []string{"h2"}
	conn, err := tls.Dial("tcp", addr, settings)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{{":method", method}, {":scheme", "https"}, {":authority", "api.test"}, {":path", "/x"},
		{"authorization", "Bearer " + token}} {
		if err := encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}); err != nil {
			t.Fatal(err)
		}
	}
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	err = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
	if err != nil {
		t.Fatal(err)
	}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatalf("method %q: %v", method, err)
		}
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			return f.PseudoValue("status")
		case *http2.RSTStreamFrame:
			return "reset"
		case *http2.GoAwayFrame:
			return "gone"
		}
	}
}
