package jwks

import (
	"context"
	"crypto/rsa"
	"errors"
	"net/url"
	"time"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// What a [Source] answers when it has no key.
var (
	// ErrKeyUnknown: the issuer's current keys hold none of that ID.
	ErrKeyUnknown = errors.New("the issuer has no key of that ID")
	// ErrKeysUnreachable: the issuer's keys could not be fetched, or are too
	// old to be trusted. The error is, or wraps, an *UnreachableError.
	ErrKeysUnreachable = errors.New("the issuer's keys are out of reach")
	// ErrKeysStale: keys are at hand, but older than MaxStale.
	ErrKeysStale = errors.New("the keys at hand are too old to be trusted")
)

// Key is one public key that an issuer published for signatures. It is checked
// when it is read and never changes.
type Key struct {
	ID string
	// RSA is 2048 to 8192 bits.
	RSA *rsa.PublicKey
	// Issuer limits the key to one issuer; {tenantid} in it stands for any
	// tenant. It is a Microsoft extension, and empty on v1.0 keys.
	Issuer string
	// Cloud is cloud_instance_name; empty where keys carry none (China).
	Cloud string
	// Fingerprint is the SHA-256 of the public key's DER form: two keys of the
	// same ID are told apart by it.
	Fingerprint [32]byte
}

// Issuer is what a source knows of the issuer of one version's tokens.
type Issuer struct {
	// Name is the exact iss; {tenantid} in it stands for the token's tid.
	// Empty means that it is not known.
	Name string
	// Any switches the issuer check off: every issuer whose keys these are.
	Any bool
	// Given says that the user named the issuer, or any. It need not be an issuer of
	// Entra, so its tokens need not say their version, nor hold tid in iss.
	Given bool
	// KeyIssuer is the issuer that keys of v1.0 tokens have to name if they name
	// one: the v2.0 issuer of the same authority. Empty where there is no
	// authority; a key is then checked against the clouds that share the token's iss.
	KeyIssuer string
	// Cloud is the cloud_instance_name of the metadata; empty if it has none.
	Cloud string
	// Domain is the tenant's domain name where the source was made with one;
	// Name then holds the GUID that belongs to it.
	Domain string
	// Hint is the issuer that is expected while Name is not known yet, for messages only.
	Hint string
}

// UnreachableError says why keys are out of reach. It matches
// ErrKeysUnreachable.
type UnreachableError struct {
	// RetryAfter is when the source will try again; 0 if that is not known.
	RetryAfter time.Duration
	// Err is what went wrong last.
	Err error
}

// Error implements error.
func (e *UnreachableError) Error() string { return ErrKeysUnreachable.Error() + ": " + e.Err.Error() }

// Unwrap matches ErrKeysUnreachable and what went wrong.
func (e *UnreachableError) Unwrap() []error { return []error{ErrKeysUnreachable, e.Err} }

// Source says which key signed a token and who its issuer must be. It is
// safe for concurrent use. [Metadata] and [Set] implement it.
type Source interface {
	// Lookup finds the key with exactly this ID for tokens of version v whose iss is
	// issuer, which only a source of several tenants reads. It may go to the network. The Issuer is filled in as far as it is known, even
	// with an error, which is ErrKeyUnknown, ErrKeysUnreachable or the
	// context's.
	Lookup(ctx context.Context, v entra.Version, issuer, kid string) (*Key, Issuer, error)
	// Admits reports, without going anywhere, whether a token of version v from
	// that issuer can be this source's at all. It keeps foreign tokens away
	// from the network; it proves nothing.
	Admits(v entra.Version, issuer string) bool
	// Trusts reports, without going anywhere, whether the source would still
	// answer with this very key.
	Trusts(v entra.Version, k *Key) bool
}

// maxErrorText bounds ErrorText, in bytes.
const maxErrorText = 300

// ErrorText says in one short line why keys are out of reach: the host and the
// cause, without the whole address, which net/http puts first.
func ErrorText(err error) string {
	if fault := NetworkFault(err); fault != nil {
		return text.OneLine(fault.Error(), maxErrorText)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "it took too long"
	}
	var u *url.Error
	if errors.As(err, &u) {
		if address, parseErr := url.Parse(u.URL); parseErr == nil {
			return text.OneLine(address.Host+": "+u.Err.Error(), maxErrorText)
		}
	}
	var unreachable *UnreachableError
	if errors.As(err, &unreachable) {
		err = unreachable.Err
	}
	return text.OneLine(err.Error(), maxErrorText)
}

// NetworkFault returns the fault of the network that kept keys out of reach; nil if
// it was none, but an answer that is not usable.
func NetworkFault(err error) *transport.Error {
	if !errors.As(err, new(*url.Error)) {
		return nil
	}
	if fault := transport.Diagnose("", err); fault.Fault != transport.FaultOther {
		return fault
	}
	return nil
}
