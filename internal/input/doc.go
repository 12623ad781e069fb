// Package input reads what people give: files and streams, never more than a
// bound.
package input
