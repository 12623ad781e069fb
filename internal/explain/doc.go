// Package explain says why: why an API's answer is not the one that was wanted.
// It takes evidence (an answer, an error, what else the caller knows) and
// returns a diagnosis: a cause, how certain it is, the facts it rests on, and
// what to do.
//
//	if err := answer.Judge().Err(); err != nil {
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
