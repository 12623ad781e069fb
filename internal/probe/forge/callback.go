package forge

import (
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"m2m/internal/jsonobject"
)

// callback is a server that forged tokens name, and records who connects: an API
// that fetches what a token names can be made to fetch anything.
type callback struct {
	listener net.Listener
	server   *http.Server
	served   chan error

	mu      sync.Mutex
	latest  string          // the case whose token named an address last
	fetched map[string]bool // by case that named an address: whether somebody connected
}

// newCallback serves a key set with one key, the certificate (DER) and discovery
// documents for them at every path, so that an API which fetches them succeeds.
func newCallback(listener net.Listener, jwk string, certificate []byte) *callback {
	c := &callback{listener: listener, fetched: map[string]bool{}, served: make(chan error, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("/{name}/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		issuer := c.url("http", r.PathValue("name"))
		_, _ = io.WriteString(w, jsonobject.Of("issuer", jsonobject.Quote(issuer), "jwks_uri", jsonobject.Quote(issuer+"/keys")).String())
	})
	mux.HandleFunc("/{name}/certificate.pem", func(w http.ResponseWriter, _ *http.Request) {
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"keys":[`+jwk+`]}`)
	})
	c.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
			c.record(name)
			mux.ServeHTTP(w, r)
		}),
		ErrorLog: log.New(io.Discard, "", 0), ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
	}
	go func() { c.served <- c.server.Serve(recordingListener{listener, c}) }()
	return c
}

// recordingListener sees the first byte of every connection. net/http waits for
// the end of a line, so that it may never see one that speaks TLS or LDAP.
type recordingListener struct {
	net.Listener
	callback *callback
}

// Accept implements net.Listener.
func (l recordingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &recordingConn{Conn: conn, callback: l.callback}, nil
}

type recordingConn struct {
	net.Conn
	callback *callback
	isHTTP   bool
}

// Read ends with the first byte of anything but HTTP: there is no more to learn,
// and the API must not wait for an answer.
func (c *recordingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n == 0 || c.isHTTP {
		return n, err
	}
	if c.isHTTP = 'A' <= b[0] && b[0] <= 'Z'; c.isHTTP { // as every method begins
		return n, err
	}
	c.callback.record("")
	return 0, io.EOF
}

// url is an address of the server, with a path for each case.
func (c *callback) url(scheme, name string) string {
	return scheme + "://" + c.listener.Addr().String() + "/" + name
}

// urlFor returns the address that the token of a case names.
func (c *callback) urlFor(scheme, name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest = name
	if !c.fetched[name] {
		c.fetched[name] = false // named from now on
	}
	return c.url(scheme, name)
}

// record keeps that somebody connected: for the case whose address was asked for,
// also when it is long over; without one for the latest that named an address.
func (c *callback) record(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, named := c.fetched[name]; !named {
		name = c.latest
	}
	c.fetched[name] = true
}

// wasFetched reports whether somebody connected because of a case.
func (c *callback) wasFetched(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fetched[name]
}

// close closes the listener and waits for the server.
func (c *callback) close() error {
	err := c.server.Close()
	if served := <-c.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// loopback opens a free port of this machine.
func loopback() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }
