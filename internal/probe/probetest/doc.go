// Package probetest holds a correct API and, for each way to break it, one that
// has exactly this hole. They prove the probe: one that finds nothing in a correct
// API proves nothing until it finds something in every broken one.
//
// The gate of [Correct] is what a careful developer writes with golang-jwt and
// net/http. Each [Hole] is a mistake that somebody made, or would make: a
// library's default, a shortcut, a forgotten rule. The hole handles a request
// first; what it does not accept goes to the gate. A hole has the name of the
// case that finds it.
//
// Nothing here imports a package of m2m: if the two shared code, they would agree
// with each other's mistakes.
package probetest
