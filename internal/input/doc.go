// Package input reads what people give: files and streams, never more than a
// bound, and pasted tokens, out of which [Clean] takes the text around them.
package input
