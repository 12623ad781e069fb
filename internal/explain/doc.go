// Package explain says why: why an API's answer is not the one that was wanted.
// It takes [Evidence] (what the other side says, who it is, what was sent, the
// settings in force) and returns a [Diagnosis]: a cause, how certain it is, the
// facts it rests on, and what to do.
//
// The other side's own words come first: package reply finds them, and they are
// shown before any cause. Package catalogue has what is known about them. A cause
// that is concluded from the token is only named where these words leave it open.
//
//	if err := answer.Evaluate().Err(); err != nil {
//		x := explain.Explain(answer, explain.Context{Token: request.Token, …})
//	}
//
// It is the one place that words advice. The caller passes a Situation, which
// says how its user acts on advice: on a command line, or in a suite's file.
// What a diagnosis says of a token is read from the token itself, unverified.
//
// [Report] explains a report of package verify: it adds the cause and the fix of
// every check that did not pass.
package explain
