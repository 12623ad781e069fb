package main

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
)

// parentProxy DIR [tls] runs, until a signal, the proxy of a network that has only
// one server: it takes a tunnel to any host there. With tls it is asked over TLS. The server says what reached it.
// DIR/asked.log has a line for each request to the proxy; DIR/proxy.env has the
// variables of a program in that network, and appears last.
func parentProxy() {
	if err := runParentProxy(os.Args[1], slices.Contains(os.Args, "tls")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runParentProxy(dir string, secure bool) error {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s reached the server, with credentials of a proxy: %t\n", r.Method, r.Host,
			r.Header.Get("Proxy-Authorization") != "")
	}))
	defer server.Close()
	log, err := os.Create(filepath.Join(dir, "asked.log"))
	if err != nil {
		return err
	}
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(log, "%s %s %q\n", r.Method, r.RequestURI, r.Header.Get("Proxy-Authorization"))
		if err := tunnelTo(server.Listener.Addr().String(), w); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}))
	scheme := "http"
	if secure {
		scheme = "https"
		proxy.StartTLS()
	} else {
		proxy.Start()
	}
	defer proxy.Close()
	ca := filepath.Join(dir, "network-ca.pem")
	text := "HTTPS_PROXY=" + scheme + "://corp:secret@" + proxy.Listener.Addr().String() + "\nSSL_CERT_FILE=" + ca + "\n"
	if err := errors.Join(
		os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600),
		writeWhole(filepath.Join(dir, "proxy.env"), text),
	); err != nil {
		return err
	}
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, os.Interrupt, syscall.SIGTERM)
	<-stopped
	return log.Close()
}

// tunnelTo connects a proxy's client with a server until one of them ends.
func tunnelTo(address string, w http.ResponseWriter) error {
	far, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer far.Close()
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return err
	}
	defer near.Close()
	if _, err := io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return nil // the client is gone
	}
	go func() {
		_, _ = io.Copy(far, buffered)
		_ = far.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(near, far)
	return nil
}
