package probe

import (
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// canary listens where forged tokens point, and remembers who came: an API that
// fetches what a token names can be sent anywhere.
type canary struct {
	listener net.Listener
	server   *http.Server
	served   chan error

	mu      sync.Mutex
	current string          // the case that is being tried
	visited map[string]bool // cases during which, or at whose address, somebody came
}

// newCanary serves our key set, our certificate and discovery documents for
// them at every path, so that an API which fetches them goes all the way.
func newCanary(listener net.Listener, k *kit) *canary {
	c := &canary{listener: listener, visited: map[string]bool{}, served: make(chan error, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("/{name}/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		issuer := c.address("http", r.PathValue("name"))
		_, _ = io.WriteString(w, object{{"issuer", quote(issuer)}, {"jwks_uri", quote(issuer + "/keys")}}.String())
	})
	mux.HandleFunc("/{name}/certificate.pem", func(w http.ResponseWriter, _ *http.Request) {
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: k.certificate})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"keys":[`+k.ownJWK(ownKID)+`]}`)
	})
	c.server = &http.Server{
		Handler: mux, ErrorLog: log.New(io.Discard, "", 0), ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		// A visitor who speaks TLS or LDAP is one too: the first byte counts.
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateActive {
				c.note()
			}
		},
	}
	go func() { c.served <- c.server.Serve(listener) }()
	return c
}

// address is where a forged token points, under a scheme.
func (c *canary) address(scheme, name string) string {
	return scheme + "://" + c.listener.Addr().String() + "/" + name
}

func (c *canary) note() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.visited[c.current] = true
}

// trying says which case is being tried from now on.
func (c *canary) trying(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = name
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
