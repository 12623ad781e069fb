package issuer

import (
	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/fault"
)

// The names that callers use until the package has moved.
type (
	Fault                       = fault.Fault
	FaultAnswer                 = fault.Answer
	FaultError                  = fault.Error
	Tenant                      = directory.Tenant
	API                         = directory.API
	Client                      = directory.Client
	ClientSecret                = directory.ClientSecret
	Grant                       = directory.Grant
	FederatedIdentityCredential = directory.FederatedCredential
)

// ParseFault is fault.Parse.
func ParseFault(spec string) (Fault, error) { return fault.Parse(spec) }

// Builtin is directory.Builtin.
func Builtin() Tenant { return directory.Builtin() }

// NewClientSecret is directory.NewClientSecret.
func NewClientSecret() entra.Secret { return directory.NewClientSecret() }
