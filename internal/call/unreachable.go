package call

import "errors"

// ErrUnreachable says that no answer came, or not all of it.
var ErrUnreachable = errors.New("the API cannot be reached")

// Fault is the kind of a failure to get an answer.
type Fault string

// The kinds of failure.
const (
	FaultRefused  Fault = "refused"   // nothing listens there
	FaultDNS      Fault = "dns"       // the name has no address
	FaultTLS      Fault = "tls"       // the handshake failed
	FaultCA       Fault = "ca"        // the certificate's authority is not trusted
	FaultHostname Fault = "hostname"  // the certificate is for another name, or out of date
	FaultTimeout  Fault = "timeout"   // no answer in time
	FaultProxy    Fault = "proxy"     // the proxy, not the API
	FaultClosed   Fault = "closed"    // the connection ended before the answer did
	FaultProtocol Fault = "protocol"  // what came is not HTTP
	FaultCanceled Fault = "cancelled" // the caller gave up
	FaultOther    Fault = "other"     // anything else
)

// UnreachableError says which address gave no answer, and why. It wraps
// ErrUnreachable and the cause.
type UnreachableError struct {
	Fault Fault
	// Address is the host and port that were tried.
	Address string
	// Partial tells that an answer had begun.
	Partial  bool
	attempts int
	loopback bool
	scheme   string
	cause    error
}

func (e *UnreachableError) Error() string { return "" }

// Unwrap returns ErrUnreachable and the cause.
func (e *UnreachableError) Unwrap() []error { return []error{ErrUnreachable, e.cause} }

// Hints says what to do next, one sentence each. That API_URL was not set is
// for the command to add.
func (e *UnreachableError) Hints() []string { return nil }
