package issuer

import (
	"m2m/internal/entra"
	"m2m/internal/strictyaml"
	"m2m/internal/tenant/control"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/intercept"
	"m2m/internal/tenant/mint"
	"m2m/internal/tenant/tenantfile"
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
	MintRequest                 = mint.Request
	MintKind                    = mint.Kind
	MintTime                    = mint.Time
	MintKey                     = mint.Key
	ControlError                = control.Error
	TenantState                 = control.State
	Minted                      = control.Minted
	Interception                = intercept.Options
	TunnelRequest               = intercept.Request
	TenantFile                  = tenantfile.File
	TenantFileError             = strictyaml.Error
)

// The values of these types.
const (
	UserToken   = mint.UserToken
	IDToken     = mint.IDToken
	GraphToken  = mint.GraphToken
	Expired     = mint.Expired
	NotYetValid = mint.NotYetValid
)

// ParseFault is fault.Parse.
func ParseFault(spec string) (Fault, error) { return fault.Parse(spec) }

// Builtin is directory.Builtin.
func Builtin() Tenant { return directory.Builtin() }

// NewClientSecret is directory.NewClientSecret.
func NewClientSecret() entra.Secret { return directory.NewClientSecret() }

// NewControlKey is control.NewKey.
func NewControlKey() entra.Secret { return control.NewKey() }

// MaxTenantFile is tenantfile.MaxBytes.
const MaxTenantFile = tenantfile.MaxBytes

// ParseTenantFile is tenantfile.Parse.
func ParseTenantFile(name string, data []byte, readFile func(string) ([]byte, error)) (TenantFile, error) {
	return tenantfile.Parse(name, data, readFile)
}

// BuiltinTenantFile is tenantfile.Builtin.
func BuiltinTenantFile() string { return tenantfile.Builtin() }

// TenantFileSchema is tenantfile.Schema.
func TenantFileSchema() string { return tenantfile.Schema() }
