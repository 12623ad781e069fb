// Package input reads what people give: files and streams, never more than a
// bound, and the tokens, secrets, IDs, keys and certificates in them.
//
// Each reader accepts what can mean only one thing and lists what it changed, in
// words for a log. What is something else than it should be is a *[NotError],
// which says what it is and which command converts it. No error of this package
// holds the value itself.
package input
