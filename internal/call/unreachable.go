package call

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
)

// ErrUnreachable says that no answer came, or not all of it.
var ErrUnreachable = errors.New("the API cannot be reached")

// Fault is the kind of a failure to get an answer.
type Fault string

// The kinds of failure.
const (
	FaultRefused  Fault = "refused"   // nothing listens there
	FaultDNS      Fault = "dns"       // the name has no address
	FaultCA       Fault = "ca"        // the certificate's authority is not trusted
	FaultHostname Fault = "hostname"  // the certificate is for another name, or not valid at this time
	FaultTLS      Fault = "tls"       // the handshake failed otherwise
	FaultTimeout  Fault = "timeout"   // no answer in time
	FaultProxy    Fault = "proxy"     // the proxy, not the API
	FaultClosed   Fault = "closed"    // the connection ended before the answer did
	FaultProtocol Fault = "protocol"  // the other end does not speak TLS
	FaultCanceled Fault = "cancelled" // the caller gave up
	FaultOther    Fault = "other"     // anything else
)

// UnreachableError says which address gave no answer, and why. It wraps
// ErrUnreachable and the cause.
type UnreachableError struct {
	Fault Fault
	// Address is the scheme, host and port that were tried.
	Address string
	// Partial tells that an answer had begun.
	Partial  bool
	attempts int
	url      *url.URL
	cause    error
}

func unreachable(u *url.URL, cause error, attempts int) *UnreachableError {
	return &UnreachableError{
		Fault: faultOf(cause), Address: u.Scheme + "://" + u.Host,
		attempts: attempts, url: u, cause: cause,
	}
}

// Unwrap returns ErrUnreachable and the cause.
func (e *UnreachableError) Unwrap() []error { return []error{ErrUnreachable, e.cause} }

func (e *UnreachableError) Error() string {
	text := fmt.Sprintf("no answer from %s: %s", bound(e.Address, maxShown), e.reason())
	if e.Partial {
		text = fmt.Sprintf("the answer of %s is not complete: %s", bound(e.Address, maxShown), e.reason())
	}
	if e.attempts > 1 {
		text += fmt.Sprintf(" (after %d attempts)", e.attempts)
	}
	return text
}

func (e *UnreachableError) reason() string {
	switch e.Fault {
	case FaultRefused:
		return "the connection was refused: nothing listens there"
	case FaultDNS:
		return fmt.Sprintf("the name %q has no address", bound(e.url.Hostname(), maxShown))
	case FaultTimeout:
		return "it took too long"
	case FaultCanceled:
		return "cancelled"
	case FaultClosed:
		return "the connection was closed early"
	case FaultProtocol:
		return "what answers there does not speak TLS"
	}
	// The rest are texts of net, crypto/tls and crypto/x509, which say it better.
	return bound(e.cause.Error(), 300)
}

// Hints says what to do next, one sentence each. That API_URL was not set is
// for the command to add.
func (e *UnreachableError) Hints() []string {
	local := isLoopback(e.url.Hostname())
	switch {
	case e.Fault == FaultRefused && local:
		return []string{"start the API: m2m serve, or m2m serve --local for one with a tenant beside it", "check the port"}
	case e.Fault == FaultRefused:
		return []string{"check the host and the port, and that the API is running"}
	case e.Fault == FaultDNS:
		return []string{"check the host's spelling; inside a company, the network or the VPN may be missing"}
	}
	return faultHints(e.Fault)
}

func faultHints(f Fault) []string {
	switch f {
	case FaultCA:
		return []string{
			"name the authority that signed the certificate: --ca-file PATH or M2M_CA_FILE",
			"behind a proxy that opens TLS, that is the proxy's authority",
		}
	case FaultHostname:
		return []string{"call the API by a name that its certificate holds, and check the certificate's dates and this machine's clock"}
	case FaultTLS:
		return []string{"run it again with --debug to see the handshake; the server may want a client certificate or a newer TLS"}
	case FaultProtocol:
		return []string{"if the API is on this machine, call it with http://; otherwise check the port"}
	case FaultTimeout:
		return []string{"give it more time, or check that no firewall drops the packets"}
	case FaultProxy:
		return []string{"check HTTPS_PROXY and HTTP_PROXY; NO_PROXY lists hosts that are reached without it"}
	case FaultClosed:
		return []string{"try again with --retry 3; the server's own log may say why it hung up"}
	}
	return nil
}

// faultOf sorts an error of net/http. The order matters: a failure of the
// proxy is also a refused connection, and a time-out may be a DNS error.
func faultOf(err error) Fault {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return FaultCanceled
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return FaultProxy
	case isTimeout(err):
		return FaultTimeout
	case errors.As(err, &dns):
		return FaultDNS
	case errors.Is(err, syscall.ECONNREFUSED):
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

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
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
		return FaultCA
	case errors.As(err, &hostname), errors.As(err, &invalid):
		return FaultHostname
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return FaultProtocol
	case errors.As(err, &verify), errors.As(err, &alert):
		return FaultTLS
	}
	return ""
}
