// Package brokenapi holds a correct API and, for each way to break it, one that
// has exactly this hole. They are what the probe is proved with: a probe that
// finds nothing in a correct API proves nothing until it finds something in
// every broken one.
//
// The gate of [Correct] is what a careful developer writes with golang-jwt and
// net/http. Each [Hole] is a mistake that somebody made before, or would make:
// a library's default, a shortcut, a rule that was forgotten. The hole is asked
// first; whatever it does not let in stands before the gate. A hole has the name
// of the case that finds it.
//
// Nothing here imports the probe: if the two shared code, they would agree with
// each other's mistakes.
package brokenapi
