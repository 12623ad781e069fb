package call

import (
	"time"

	"m2m/internal/entra"
)

// Context is what the caller knows beside the answer. Every field may be zero.
type Context struct {
	// Token is the token that was sent.
	Token entra.Secret
	// Audiences are those that the API accepts, where they are known.
	Audiences []string
	// RequiredRoles are those of which the API wants one, where they are known.
	RequiredRoles []string
	// Scope is the scope that the token was asked for.
	Scope string
	// Now is the moment to judge the token's times by; zero means when the answer came.
	Now time.Time
	// Flags is put into every m2m command shown, such as "--local".
	Flags string
}

// Explanation says why an answer is a refusal, and what to do. The zero value
// says nothing: the answer was none, or nothing is known.
type Explanation struct {
	// Cause is the most likely cause: one sentence. It says "likely" itself
	// where it is a guess.
	Cause string `json:"cause"`
	// Code names the cause for machines, such as "token_expired".
	Code Code `json:"code"`
	// Certain is false where the cause is a guess.
	Certain bool `json:"certain"`
	// Facts are what the cause was found from, in the order to show them.
	Facts []Fact `json:"facts,omitempty"`
	// Fixes say what to do, the best first: one sentence each.
	Fixes []string `json:"fixes,omitempty"`
	// Command is the command that shows or fixes it.
	Command string `json:"command,omitempty"`
	// Challenges are those of WWW-Authenticate.
	Challenges []Challenge `json:"challenges,omitempty"`
}

// Fact is one thing seen, and where.
type Fact struct {
	// Source says where it was read: "answer", "API", "token" (unverified) or "clock".
	Source string `json:"source"`
	// Text is one clause.
	Text string `json:"text"`
}

// Code names a cause.
type Code string

// Explain says why the answer is a refusal. It reads the beginning of the body
// if that was not done. It returns nil for an answer below 400 that was not
// redirected.
func Explain(a *Answer, c Context) *Explanation { return nil }
