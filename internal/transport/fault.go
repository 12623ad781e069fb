package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
)

// Fault is why a request got no answer, or not all of it.
type Fault string

// The faults.
const (
	FaultDNS         Fault = "dns"         // the host name could not be resolved
	FaultRefused     Fault = "refused"     // nothing listens there
	FaultTimeout     Fault = "timeout"     // no answer in time
	FaultProxy       Fault = "proxy"       // the proxy failed, not the server
	FaultUnknownCA   Fault = "unknown-ca"  // the certificate's issuer is not trusted here
	FaultHostname    Fault = "hostname"    // the certificate is another host's
	FaultCertificate Fault = "certificate" // the certificate is out of date, or not fit for a server
	FaultProtocol    Fault = "protocol"    // what answers does not speak TLS
	FaultTLS         Fault = "tls"         // the handshake failed otherwise
	FaultClosed      Fault = "closed"      // the connection ended before the answer did
	FaultCancelled   Fault = "cancelled"   // the caller cancelled the request
	FaultOther       Fault = "other"       // anything else
)

// Lasting reports whether the same request must fail in the same way a moment
// later: a certificate is the same the next time.
func (f Fault) Lasting() bool {
	switch f {
	case FaultUnknownCA, FaultHostname, FaultCertificate, FaultProtocol, FaultCancelled:
		return true
	}
	return false
}

// What Windows reports (WSAECONNRESET, WSAECONNREFUSED): the names of package
// syscall are other numbers there, and these are no error anywhere else.
const (
	winsockReset   = syscall.Errno(10054)
	winsockRefused = syscall.Errno(10061)
)

// faultOf returns the fault that an error of net/http is. The order matters: a failure of the
// proxy is also a refused connection, and a time-out may be a DNS error.
func faultOf(err error) Fault {
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return FaultCancelled
	case proxyFailure(err) != nil:
		return FaultProxy
	case isTimeout(err):
		return FaultTimeout
	case errors.As(err, &dns):
		return FaultDNS
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, winsockRefused):
		return FaultRefused
	}
	if f := tlsFault(err); f != "" {
		return f
	}
	if isClosed(err) {
		return FaultClosed
	}
	return FaultOther
}

// tunnelError is a proxy that answered CONNECT with something else than 200.
type tunnelError struct {
	proxy, status string
	schemes       []string // that it offers for authentication
}

func (e *tunnelError) Error() string {
	reason := e.proxy + ": it answered CONNECT with " + e.status
	if len(e.schemes) > 0 {
		reason += ", and offers " + strings.Join(e.schemes, ", ")
	}
	return reason
}

// proxyFailure returns what a proxy failed with; nil if it was no proxy.
func proxyFailure(err error) error {
	var tunnel *tunnelError
	if errors.As(err, &tunnel) {
		return tunnel
	}
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks")) {
		return op.Err
	}
	return nil
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, winsockReset)
}

// tlsFault returns the fault of a handshake, or the empty Fault.
func tlsFault(err error) Fault {
	var (
		unknown  x509.UnknownAuthorityError
		roots    x509.SystemRootsError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		verify   *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		alert    tls.AlertError
	)
	switch {
	case errors.As(err, &unknown), errors.As(err, &roots):
		return FaultUnknownCA
	case errors.As(err, &hostname):
		return FaultHostname
	case errors.As(err, &invalid):
		return FaultCertificate
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return FaultProtocol
	case errors.As(err, &verify), errors.As(err, &alert), isAlert(err):
		return FaultTLS
	}
	return ""
}

// isAlert reports whether the other end, or this one, ended TLS with an alert;
// outside QUIC crypto/tls gives that a form of its own.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}
