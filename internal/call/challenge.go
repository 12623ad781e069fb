package call

// Challenge is one challenge of a WWW-Authenticate field (RFC 9110 section 11.6.1).
type Challenge struct {
	// Scheme is the authentication scheme as it came, such as "Bearer".
	Scheme string `json:"scheme"`
	// Token68 is the blob that some schemes have in place of parameters.
	Token68 string `json:"token68,omitempty"`
	// Params holds the parameters, names in lower case, values unquoted.
	Params map[string]string `json:"params,omitempty"`
}
