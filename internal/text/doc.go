// Package text writes values for people, and makes text that comes from outside
// safe to print.
//
// Every message of m2m writes a value in one form: a length of time with
// [Duration], a moment with [Time], a name or a value with [Quote]. JSON has
// forms of its own (RFC 3339, numbers) and does not use this package.
//
// Text of a token, a response, a file or a command line may be of any length and
// hold anything. [Bound], [OneLine], [Quote] and [Printable] escape what is not
// printable, so that it can neither move a terminal's cursor nor change the
// direction of the text around it; the first three also bound its length.
// [Redact] removes what looks like a token or a secret, and [Hidden] removes
// values that are known to be secret.
//
// The package imports nothing of m2m and holds no state.
package text
