package suite

import _ "embed"

//go:embed suite.schema.json
var schema string

// Schema returns the JSON Schema of a suite's file, for editors. Whatever
// ParseSuite takes is valid by it. It cannot say that names are unique, that As
// names a client, or that a jq expression can be read.
func Schema() string { return schema }
