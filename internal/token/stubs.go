package token

import (
	"net/http"
	"net/url"
	"time"

	"m2m/internal/entra"
)

// NewClientSecret returns the credential that is a client secret.
func NewClientSecret(secret entra.Secret) Credential { return nil }

// LoadCertificate reads a certificate and its private key from a PEM file (the
// key plain or as encrypted PKCS#8) or a PFX file. sendChain puts the chain
// into each assertion (x5c), which registrations that trust a subject name and
// issuer need. The error is a *SettingError.
func LoadCertificate(path string, password entra.Secret, sendChain bool) (Credential, error) {
	return nil, nil
}

// NewFederatedFile returns the credential that is a token of another issuer in a
// file, such as Kubernetes projects it. The file is read at each use.
func NewFederatedFile(path string) Credential { return nil }

// GitHub is what GitHub Actions gives a job that has the permission
// "id-token: write".
type GitHub struct {
	// RequestURL is ACTIONS_ID_TOKEN_REQUEST_URL.
	RequestURL string
	// RequestToken is ACTIONS_ID_TOKEN_REQUEST_TOKEN.
	RequestToken entra.Secret
	// Audience is the audience to ask for; empty is that of the authority's
	// cloud.
	Audience string
}

// NewGitHub returns the credential that is a job's identity in GitHub Actions.
func NewGitHub(g GitHub) Credential { return nil }

// NewManagedIdentity returns the credential that is the identity of the Azure
// resource m2m runs on: the system-assigned one, or the user-assigned one that
// clientID names.
func NewManagedIdentity(clientID string) Credential { return nil }

// TransportConfig says how to reach servers.
type TransportConfig struct {
	// CAFile names a PEM file whose certificates are trusted beside the
	// system's roots; empty for none.
	CAFile string
	// Proxy returns the proxy for a request, as http.ProxyFromEnvironment does;
	// nil is no proxy.
	Proxy func(*http.Request) (*url.URL, error)
	// Trace receives every exchange, redacted; nil receives none.
	Trace func(Exchange)
}

// Exchange is one request and its answer as a trace shows it: no body, no
// header, no query values, no user information.
type Exchange struct {
	// Method and URL are what was asked.
	Method, URL string
	// Status is the answer's; 0 if there was none.
	Status int
	// Duration is the time to the answer's headers.
	Duration time.Duration
	// Err is why there was no answer.
	Err error
}

// String is the exchange on one line.
func (e Exchange) String() string { return "" }

// Transport is an http.RoundTripper with m2m's rules for proxies, roots and
// time limits. Nothing is built, and no root loaded, before the first request.
// It may be used by several goroutines and by several clients.
type Transport struct{}

// NewTransport returns the transport that cfg describes. A CA file that cannot
// be used is the error of the first request, a *SettingError.
func NewTransport(cfg TransportConfig) *Transport { return &Transport{} }

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(*http.Request) (*http.Response, error) { return nil, nil }

// CloseIdleConnections closes connections that wait for a next request.
func (t *Transport) CloseIdleConnections() {}

// Fault is what kind of thing went wrong on the way to a server.
type Fault string

// The faults.
const (
	FaultDNS       Fault = "dns"
	FaultRefused   Fault = "connection refused"
	FaultTimeout   Fault = "time-out"
	FaultUnknownCA Fault = "unknown authority"
	FaultTLS       Fault = "tls"
	FaultProxy     Fault = "proxy"
	FaultNetwork   Fault = "network"
)

// NetworkError is a server that could not be asked. It matches ErrUnavailable.
type NetworkError struct {
	// Fault says what kind it is.
	Fault Fault
	// Address is the host, and port where known, that was asked for.
	Address string
	// Issuer is the name of the missing certification authority; set for
	// FaultUnknownCA.
	Issuer string
	// Err is the cause.
	Err error
}

// Error says what failed.
func (e *NetworkError) Error() string { return "" }

// Unwrap returns the cause.
func (e *NetworkError) Unwrap() error { return e.Err }

// Hints says what to do about it.
func (e *NetworkError) Hints() []string { return nil }

// Diagnose finds out why an HTTP exchange failed, for any client's error. It
// returns nil if err is no fault of the network.
func Diagnose(err error) *NetworkError { return nil }

// Refusal is an OAuth error that the identity provider answered with. It
// matches ErrRefused.
type Refusal struct {
	// Status is the HTTP status.
	Status int
	// Code is the OAuth error word, such as invalid_client.
	Code string
	// Suberror narrows Code where Entra sends one.
	Suberror string
	// AADSTS holds Entra's error numbers, the decisive one first.
	AADSTS []int
	// Description is Entra's own sentence, without its code and trace part.
	Description string
	// TraceID, CorrelationID and Timestamp are what Microsoft's support and the
	// tenant's sign-in log ask for.
	TraceID, CorrelationID, Timestamp string
	// Claims is the claims challenge that came with it.
	Claims string
	// RetryAfter is how long the server asks to wait; 0 if it did not say.
	RetryAfter time.Duration
}

// Error says what was refused, with the code and Entra's words.
func (e *Refusal) Error() string { return "" }

// Is reports whether target is ErrRefused.
func (e *Refusal) Is(target error) bool { return target == ErrRefused }

// Hints holds the remedy, whether a retry can help, and the ids to quote.
func (e *Refusal) Hints() []string { return nil }

// Outage is an answer that neither grants nor refuses: 408, 429 or 5xx after
// every retry, a redirect, or something that is not Entra's. It matches
// ErrUnavailable.
type Outage struct {
	// Address is the host that answered.
	Address string
	// Status is the HTTP status.
	Status int
	// RetryAfter is how long the server asked to wait; 0 if it did not say.
	RetryAfter time.Duration
	// Refusal is the OAuth error in the answer, if it held one.
	Refusal *Refusal
	// Err says what is wrong with the answer.
	Err error
}

// Error says what was answered.
func (e *Outage) Error() string { return "" }

// Unwrap returns the cause.
func (e *Outage) Unwrap() error { return e.Err }

// Is reports whether target is ErrUnavailable.
func (e *Outage) Is(target error) bool { return target == ErrUnavailable }

// Hints says what to do about it.
func (e *Outage) Hints() []string { return nil }

// Cache keeps tokens on disk, one sealed file each, in the folder "tokens" of
// Dir. Only the credential that a token was obtained with opens its file. No
// fault of the cache is ever an error: it is a miss, and a line of debug.
type Cache struct {
	// Dir is m2m's own cache directory. It is made if absent.
	Dir string
	// LockWait bounds how long a process waits for another that is asking for
	// the same token; 0 is ten seconds.
	LockWait time.Duration
}

// Clear removes every token that the cache holds and returns how many there
// were.
func (c *Cache) Clear() (removed int, err error) { return 0, nil }
