package entra

import (
	_ "embed" // for claims.json
	"encoding/json"
	"slices"
	"sync"
)

// Claim says in plain words what one claim or header parameter of an Entra token
// means.
// Source: learn.microsoft.com/entra/identity-platform/access-token-claims-reference
// and .../optional-claims-reference.
type Claim struct {
	// Name is the claim's name as the token spells it.
	Name string `json:"name"`
	// Where is the part of the token that holds it.
	Where ClaimPlace `json:"where"`
	// Sentence says what it means, as a sentence with its full stop.
	Sentence string `json:"sentence"`
	// Hint says what to make of it, as a sentence; empty if there is nothing to
	// add.
	Hint string `json:"hint"`
	// Documented is false where Microsoft does not describe the claim and Sentence
	// is concluded from real tokens.
	Documented bool `json:"documented"`
}

// ClaimPlace is a part of a token.
type ClaimPlace string

// The two parts that hold names. One name can be in both with different meanings,
// as nonce is.
const (
	InHeader  ClaimPlace = "header"
	InPayload ClaimPlace = "payload"
)

//go:embed claims.json
var claimsJSON string

var claimCatalogue = sync.OnceValue(func() []Claim {
	var all []Claim
	if err := json.Unmarshal([]byte(claimsJSON), &all); err != nil {
		return nil // the data is compiled in; a test decodes it
	}
	return all
})

// ClaimCatalogue returns every claim that m2m can explain, those of the header
// first.
func ClaimCatalogue() []Claim { return slices.Clone(claimCatalogue()) }
