package call

import _ "embed" // the schema

//go:embed suite.schema.json
var suiteSchema string

// SuiteSchema returns the JSON Schema of a suite's file, for editors. Whatever
// ParseSuite takes is valid by it. It cannot say that names are unique, that As
// names a client, or that a jq expression can be read.
func SuiteSchema() string { return suiteSchema }
