package probe

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

// canary listens where forged tokens point, and remembers who came: an API that
// fetches what a token names can be sent anywhere.
type canary struct {
	listener net.Listener
	server   *http.Server
	served   chan error

	mu      sync.Mutex
	latest  string          // the case whose token named an address last
	visited map[string]bool // by case that named an address: whether somebody came
}

// newCanary serves our key set, our certificate and discovery documents for
// them at every path, so that an API which fetches them goes all the way.
func newCanary(listener net.Listener, k *kit) *canary {
	c := &canary{listener: listener, visited: map[string]bool{}, served: make(chan error, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("/{name}/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		issuer := c.address("http", r.PathValue("name"))
		_, _ = io.WriteString(w, jsonobject.Of("issuer", jsonobject.Quote(issuer), "jwks_uri", jsonobject.Quote(issuer+"/keys")).String())
	})
	mux.HandleFunc("/{name}/certificate.pem", func(w http.ResponseWriter, _ *http.Request) {
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: k.certificate})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"keys":[`+k.ownJWK(ownKID)+`]}`)
	})
	c.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
			c.note(name)
			mux.ServeHTTP(w, r)
		}),
		ErrorLog: log.New(io.Discard, "", 0), ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
	}
	go func() { c.served <- c.server.Serve(visitors{listener, c}) }()
	return c
}

// visitors sees what comes before net/http does, which waits for the end of a
// line and so may never hear of a visitor who speaks TLS or LDAP.
type visitors struct {
	net.Listener
	canary *canary
}

// Accept returns the next visitor.
func (v visitors) Accept() (net.Conn, error) {
	conn, err := v.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &visitor{Conn: conn, canary: v.canary}, nil
}

type visitor struct {
	net.Conn
	canary *canary
	known  bool // to speak HTTP
}

// Read ends with the first byte of anything but HTTP: that the visitor came is
// all there is to learn, and the API must not wait for an answer.
func (v *visitor) Read(b []byte) (int, error) {
	n, err := v.Conn.Read(b)
	if n == 0 || v.known {
		return n, err
	}
	if v.known = 'A' <= b[0] && b[0] <= 'Z'; v.known { // as every method begins
		return n, err
	}
	v.canary.note("")
	return 0, io.EOF
}

// address is where the listener is, under a scheme and at a path of a case's own.
func (c *canary) address(scheme, name string) string {
	return scheme + "://" + c.listener.Addr().String() + "/" + name
}

// lure is the address that the token of a case names.
func (c *canary) lure(scheme, name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest = name
	if !c.visited[name] {
		c.visited[name] = false // named from now on
	}
	return c.address(scheme, name)
}

// note keeps that somebody came: for the case whose address was asked for, also
// when it is long over; without one for the latest that named an address.
func (c *canary) note(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, named := c.visited[name]; !named {
		name = c.latest
	}
	c.visited[name] = true
}

// wasVisited reports whether somebody came because of a case.
func (c *canary) wasVisited(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.visited[name]
}

// close ends the listener and waits for it.
func (c *canary) close() error {
	err := c.server.Close()
	if served := <-c.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// loopback opens a free port of this machine.
func loopback() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }
