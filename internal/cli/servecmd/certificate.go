package servecmd

import (
	"bytes"
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"m2m/internal/exit"
)

// certificateAge is how long a certificate is used before its files are read again.
const certificateAge = 10 * time.Second

// certificate is --tls-cert and --tls-key. When the files change, new connections get
// the new certificate; one that cannot be used is logged and the old one kept.
type certificate struct {
	certFile, keyFile string
	now               func() time.Time
	log               *slog.Logger

	mu        sync.Mutex
	read      time.Time
	cert, key []byte // as they were read last
	loaded    *tls.Certificate
}

// load reads the files for the first time.
func (c *certificate) load() error {
	_, err := c.refresh()
	if err != nil {
		return exit.Usagef("the TLS certificate cannot be used: %v", err).
			Hint("--tls-cert is a file with the certificate and its chain, --tls-key one with its key, both in PEM form").
			Wrap(err)
	}
	return nil
}

// refresh reads the files and, if they changed, takes the certificate in them.
func (c *certificate) refresh() (changed bool, err error) {
	cert, certErr := os.ReadFile(c.certFile)
	key, keyErr := os.ReadFile(c.keyFile)
	if err := errors.Join(certErr, keyErr); err != nil {
		return false, err
	}
	if bytes.Equal(cert, c.cert) && bytes.Equal(key, c.key) {
		return false, nil
	}
	c.cert, c.key = cert, key // a pair that cannot be used is reported once
	loaded, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return false, err
	}
	c.loaded = &loaded
	return true, nil
}

// get is tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.read) >= certificateAge {
		c.read = now
		switch changed, err := c.refresh(); {
		case err != nil:
			c.log.Warn("the changed TLS certificate cannot be used; the old one is kept", "reason", err.Error())
		case changed:
			c.log.Info("the TLS certificate was read again", "not_after", c.loaded.Leaf.NotAfter)
		}
	}
	return c.loaded, nil
}

// certificate loads --tls-cert and --tls-key; nil without them.
func (o options) certificate(log *slog.Logger, now func() time.Time) (*tls.Config, error) {
	if o.certFile == "" && o.keyFile == "" {
		return nil, nil
	}
	if o.certFile == "" || o.keyFile == "" {
		return nil, exit.Usagef("--tls-cert and --tls-key go together, but only one is given").
			Hint("give both, each a PEM file")
	}
	c := &certificate{certFile: o.certFile, keyFile: o.keyFile, now: now, log: log, read: now()}
	if err := c.load(); err != nil {
		return nil, err
	}
	return &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12}, nil
}
