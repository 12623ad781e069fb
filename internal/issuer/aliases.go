package issuer

import "m2m/internal/tenant/fault"

// The names that callers use until the package has moved.
type (
	Fault       = fault.Fault
	FaultAnswer = fault.Answer
	FaultError  = fault.Error
)

// ParseFault is fault.Parse.
func ParseFault(spec string) (Fault, error) { return fault.Parse(spec) }
