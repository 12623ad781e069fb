package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// stalledConnections is how many strangers hold a connection open, below the limit of
// the server.
const stalledConnections = 2000

// mostHealth is how long /healthz may take meanwhile.
const mostHealth = 50 * time.Millisecond

var errSlow = errors.New("/healthz was too slow")

// stalled holds connections open in the middle of their headers, for as long as the
// server lets them, and asks for /healthz meanwhile.
func stalled(open func(*trial) (net.Conn, error), start string) func(context.Context, *trial) (string, error) {
	return func(_ context.Context, t *trial) (string, error) {
		conns := make([]net.Conn, 0, stalledConnections)
		defer func() { hangUp(conns) }()
		for range stalledConnections {
			c, err := open(t)
			if err != nil {
				return "", err
			}
			conns = append(conns, c)
			if _, err := io.WriteString(c, start); err != nil {
				return "", err
			}
		}
		keep := keepAlive(1)
		if _, err := t.server.status(keep, "/healthz", ""); err != nil {
			return "", err
		}
		var took []time.Duration
		for range 20 {
			began := time.Now()
			if status, err := t.server.status(keep, "/healthz", ""); err != nil || status != http.StatusOK {
				return "", fmt.Errorf("/healthz: HTTP %d, %w", status, err)
			}
			took = append(took, time.Since(began))
			time.Sleep(25 * time.Millisecond)
		}
		slices.Sort(took)
		median, slowest := took[len(took)/2], took[len(took)-1]
		seen := fmt.Sprintf("%d connections are stalled; /healthz in %s, the slowest of %d in %s", len(conns),
			median.Round(10*time.Microsecond), len(took), slowest.Round(time.Millisecond))
		if median > mostHealth {
			return seen, errSlow
		}
		return seen, nil
	}
}

func plain(t *trial) (net.Conn, error) { return net.Dial("tcp", t.server.address) }

func encrypted(protocol string) func(*trial) (net.Conn, error) {
	return func(t *trial) (net.Conn, error) {
		return tls.Dial("tcp", t.server.address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{protocol}})
	}
}

// header is a request with so many bytes of headers that has no end.
func header(size int) string {
	return "GET /secure-data HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("a", size)
}

// body has complete headers, and a body that never comes whole.
func body(headers string) string {
	return "POST /secure-data HTTP/1.1\r\nHost: a\r\n" + headers + "Content-Length: 100000\r\n\r\na=b"
}

// frames is the beginning of an HTTP/2 connection, and so many bytes of headers without
// an end: a literal field (RFC 7541 section 6.2.2) in HEADERS and CONTINUATION frames.
func frames(size int) string {
	block := "\x00\x03x-a\x7f" + varint(uint64(size+1000-127)) + strings.Repeat("a", size)
	all := "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	kind := "\x01"
	for block != "" {
		n := min(len(block), 16<<10)
		all += string([]byte{byte(n >> 16), byte(n >> 8), byte(n)}) + kind + "\x00\x00\x00\x00\x01" + block[:n]
		block, kind = block[n:], "\x09"
	}
	return all
}

// varint is the rest of an integer of HPACK (RFC 7541 section 5.1).
func varint(n uint64) (s string) {
	for ; n >= 128; n >>= 7 {
		s += string([]byte{byte(n) | 128})
	}
	return s + string([]byte{byte(n)})
}

// ownCertificate writes a certificate and its key, and returns the flags that name them.
func ownCertificate(dir string) ([]string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	certFile, keyFile := filepath.Join(dir, "serve.pem"), filepath.Join(dir, "serve-key.pem")
	err = errors.Join(
		os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600),
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return []string{"--tls-cert", certFile, "--tls-key", keyFile}, err
}
