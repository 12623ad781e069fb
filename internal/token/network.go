package token

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"syscall"
)

// Fault is what kind of thing went wrong on the way to a server.
type Fault string

// The faults. FaultNetwork is every one that has no name of its own.
const (
	FaultDNS       Fault = "no such host"
	FaultRefused   Fault = "connection refused"
	FaultTimeout   Fault = "time-out"
	FaultUnknownCA Fault = "unknown certification authority"
	FaultTLS       Fault = "TLS"
	FaultProxy     Fault = "proxy"
	FaultNetwork   Fault = "network"
)

// NetworkError is a server that could not be asked. It matches ErrUnavailable.
type NetworkError struct {
	// Fault says what kind it is.
	Fault Fault
	// Address is the host, and port where known, that was asked for; empty if
	// the cause does not say.
	Address string
	// Issuer is the name of the certification authority that nobody here
	// vouches for; set for FaultUnknownCA.
	Issuer string
	// Err is the cause.
	Err error
}

// Error says which server failed how.
func (e *NetworkError) Error() string {
	at := e.Address
	if at == "" {
		at = "the server"
	}
	switch e.Fault {
	case FaultDNS:
		return fmt.Sprintf("%s: the host name could not be resolved", at)
	case FaultRefused:
		return fmt.Sprintf("%s: connection refused: nothing listens there", at)
	case FaultTimeout:
		return fmt.Sprintf("%s: no answer in time: %v", at, e.Err)
	case FaultUnknownCA:
		return fmt.Sprintf("%s: its certificate was issued by %s, which is not trusted here", at, quote(e.Issuer))
	case FaultTLS:
		return fmt.Sprintf("%s: TLS failed: %s", at, sentence(e.Err.Error(), maxQuoted))
	case FaultProxy:
		return fmt.Sprintf("%s: the proxy failed: %s", at, sentence(e.Err.Error(), maxQuoted))
	}
	return fmt.Sprintf("%s: the connection failed: %s", at, sentence(e.Err.Error(), maxQuoted))
}

// Unwrap returns the cause.
func (e *NetworkError) Unwrap() error { return e.Err }

// Is reports whether target is ErrUnavailable.
func (e *NetworkError) Is(target error) bool { return target == ErrUnavailable }

// Hints says what to do about it.
func (e *NetworkError) Hints() []string {
	switch e.Fault {
	case FaultDNS:
		return []string{"check the host name, and the name resolution of this machine"}
	case FaultRefused:
		return []string{"check the address, and that the server is running"}
	case FaultTimeout:
		return []string{
			"check that this machine may reach the address; behind a proxy set HTTPS_PROXY",
			"allow more time with --timeout",
		}
	case FaultUnknownCA:
		return []string{"give the PEM file of that authority with --ca-file or M2M_CA_FILE"}
	case FaultTLS:
		return []string{"check the address and the server's certificate, and the clock of this machine"}
	case FaultProxy:
		return []string{"check HTTPS_PROXY; hosts that need no proxy go into NO_PROXY"}
	}
	return []string{"check the network, the address, and the proxy on the way to it (HTTPS_PROXY, NO_PROXY)"}
}

// Diagnose finds out why an HTTP exchange failed, whichever client reports it.
// It returns nil if err is nil, no fault of the network, or a cancelled context.
func Diagnose(err error) *NetworkError {
	var known *NetworkError
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return nil
	case errors.As(err, &known):
		return known
	}
	for _, diagnose := range []func(error) *NetworkError{
		diagnoseUnknownCA, diagnoseTLS, diagnoseDNS, diagnoseOp, diagnoseTimeout, diagnoseURL,
	} {
		if e := diagnose(err); e != nil {
			if e.Address == "" {
				e.Address = addressOf(err)
			}
			return e
		}
	}
	return nil
}

// diagnoseUnknownCA names the issuer at the end of what the server sent: that
// is the certificate which is missing, not the leaf's own issuer.
func diagnoseUnknownCA(err error) *NetworkError {
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		return nil
	}
	last := unknown.Cert
	var verification *tls.CertificateVerificationError
	if errors.As(err, &verification) && len(verification.UnverifiedCertificates) > 0 {
		last = verification.UnverifiedCertificates[len(verification.UnverifiedCertificates)-1]
	}
	e := &NetworkError{Fault: FaultUnknownCA, Err: err}
	if last != nil {
		e.Issuer = last.Issuer.String()
	}
	return e
}

func diagnoseTLS(err error) *NetworkError {
	var (
		verification *tls.CertificateVerificationError
		record       tls.RecordHeaderError
		alert        tls.AlertError
	)
	if !errors.As(err, &verification) && !errors.As(err, &record) && !errors.As(err, &alert) {
		return nil
	}
	var host x509.HostnameError
	if errors.As(err, &host) {
		return &NetworkError{Fault: FaultTLS, Address: host.Host, Err: host}
	}
	return &NetworkError{Fault: FaultTLS, Err: err}
}

func diagnoseDNS(err error) *NetworkError {
	var dns *net.DNSError
	if !errors.As(err, &dns) || dns.IsTimeout {
		return nil
	}
	return &NetworkError{Fault: FaultDNS, Address: dns.Name, Err: dns}
}

func diagnoseOp(err error) *NetworkError {
	var op *net.OpError
	if !errors.As(err, &op) {
		return nil
	}
	e := &NetworkError{Fault: FaultNetwork, Err: op}
	if op.Addr != nil {
		e.Address = op.Addr.String()
	}
	switch {
	case op.Op == "proxyconnect":
		e.Fault = FaultProxy
	case op.Timeout(), errors.Is(err, context.DeadlineExceeded):
		e.Fault, e.Err = FaultTimeout, err
	case errors.Is(op, syscall.ECONNREFUSED):
		e.Fault = FaultRefused
	}
	return e
}

func diagnoseTimeout(err error) *NetworkError {
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return &NetworkError{Fault: FaultTimeout, Err: err}
	}
	return nil
}

func diagnoseURL(err error) *NetworkError {
	var u *url.Error
	if errors.As(err, &u) {
		return &NetworkError{Fault: FaultNetwork, Err: u.Err}
	}
	return nil
}

// addressOf reads the host out of the error of an http.Client.
func addressOf(err error) string {
	var urlErr *url.Error
	if !errors.As(err, &urlErr) {
		return ""
	}
	u, err := url.Parse(urlErr.URL)
	if err != nil {
		return ""
	}
	return u.Host
}
