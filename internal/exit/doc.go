// Package exit says how a command exits: the exit codes of m2m, and the error
// that carries one together with a reason and hints.
package exit
