package call

// Redirect is a 3xx answer that named another address.
type Redirect struct {
	// Status is the code, such as 302.
	Status int `json:"status"`
	// From and To are addresses, bounded. To is the Location made absolute, or as
	// it came where it is no URL.
	From string `json:"from"`
	To   string `json:"to"`
	// Followed tells whether the request went on to To.
	Followed bool `json:"followed"`
	// Reason says why not, as one clause; empty where it was followed.
	Reason string `json:"reason,omitempty"`
}
