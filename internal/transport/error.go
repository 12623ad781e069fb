package transport

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strings"

	"m2m/internal/text"
)

// Error is a server that gave no answer, or not all of it.
type Error struct {
	// Fault says why.
	Fault Fault
	// Address is the host, and port where known, of the request; empty if unknown.
	Address string
	// Issuer is the certification authority that is not trusted here; set for
	// FaultUnknownCA where the server sent a certificate.
	Issuer string
	// Unread says what of the CA file could not be read, which may be that authority;
	// empty for nothing.
	Unread string
	// ProxySchemes are the authentication schemes that a proxy offers which asks for
	// one; set for FaultProxy.
	ProxySchemes []string
	// Err is the cause, as net/http reports it.
	Err error
}

// Diagnose finds out why an HTTP exchange with address failed, whichever client
// reports it; nil if err is. An empty address is read from err where err names
// one. An error that is not one of the network has FaultOther.
func Diagnose(address string, err error) *Error {
	var known *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	}
	e := &Error{Fault: faultOf(err), Address: cmp.Or(address, addressIn(err)), Err: withoutURL(err)}
	if e.Fault == FaultUnknownCA {
		e.Issuer = missingIssuer(err)
		if unread := (*UnreadRootError)(nil); errors.As(err, &unread) {
			e.Unread = "in the CA file " + text.QuoteGiven(unread.File) + ", " + strings.Join(unread.Blocks, "; ")
		}
	}
	if tunnel := (*tunnelError)(nil); errors.As(err, &tunnel) {
		e.ProxySchemes = tunnel.schemes
	}
	return e
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Error names the server and says why there was no answer.
func (e *Error) Error() string {
	return text.OneLine(cmp.Or(e.Address, "the server"), maxShown) + ": " + e.Reason()
}

// Reason says why, as a clause for a sentence that names the server already.
func (e *Error) Reason() string {
	switch e.Fault {
	case FaultDNS:
		return "the host name could not be resolved"
	case FaultRefused:
		return "the connection was refused: nothing listens there"
	case FaultTimeout:
		return "it took too long"
	case FaultProxy:
		return "the proxy failed: " + proxyReason(e.Err)
	case FaultUnknownCA:
		return e.unknownCA()
	case FaultHostname, FaultCertificate:
		return "its certificate does not fit: " + e.text("x509: ")
	case FaultProtocol:
		return "what answers there does not speak TLS"
	case FaultTLS:
		return "the TLS handshake failed: " + e.text("remote error: ", "local error: ", "tls: ")
	case FaultClosed:
		return "the connection was closed early"
	case FaultCancelled:
		return "cancelled"
	}
	return "the connection failed: " + e.text()
}

// text is the cause's own, which says some things better, without the names of
// packages before it.
func (e *Error) text(prefixes ...string) string {
	s := e.Err.Error()
	var verification *tls.CertificateVerificationError
	if errors.As(e.Err, &verification) {
		s = verification.Err.Error()
	}
	for _, prefix := range prefixes {
		s = strings.TrimPrefix(s, prefix)
	}
	return text.OneLine(s, maxShown)
}

// proxyReason says what a proxy failed with in the words for a server.
func proxyReason(err error) string {
	cause := proxyFailure(err)
	if cause == nil {
		cause = err
	}
	var tunnel *tunnelError
	if errors.As(cause, &tunnel) {
		return text.OneLine(tunnel.Error(), maxShown)
	}
	inner := Diagnose("", cause)
	if inner.Address == "" {
		return inner.Reason()
	}
	return inner.Error()
}

func (e *Error) unknownCA() string {
	if e.Unread != "" {
		known := *e
		known.Unread = ""
		return known.unknownCA() + "; " + e.Unread
	}
	if e.Issuer == "" {
		return "its certificate cannot be checked: " + e.text("x509: ")
	}
	return "its certificate was issued by \"" + text.OneLine(e.Issuer, maxShown) + "\", which is not trusted here"
}

// missingIssuer names the issuer at the end of what the server sent: that is
// the certificate which is missing, not the leaf's own issuer.
func missingIssuer(err error) string {
	var (
		unknown      x509.UnknownAuthorityError
		verification *tls.CertificateVerificationError
	)
	last := (*x509.Certificate)(nil)
	if errors.As(err, &unknown) {
		last = unknown.Cert
	}
	if errors.As(err, &verification) && len(verification.UnverifiedCertificates) > 0 {
		last = verification.UnverifiedCertificates[len(verification.UnverifiedCertificates)-1]
	}
	if last == nil {
		return ""
	}
	return cmp.Or(last.Issuer.String(), "an authority without a name")
}

// withoutURL takes off what an http.Client puts before the cause: method and
// address, whose query may be secret.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// addressIn reads the server's address out of an error; "" if it has none.
func addressIn(err error) string {
	var (
		byClient *url.Error
		op       *net.OpError
		dns      *net.DNSError
	)
	if errors.As(err, &byClient) {
		if u, err := url.Parse(byClient.URL); err == nil && u.Host != "" {
			return u.Host
		}
	}
	switch {
	case errors.As(err, &dns):
		return dns.Name
	case errors.As(err, &op) && op.Addr != nil:
		return op.Addr.String()
	}
	return ""
}
