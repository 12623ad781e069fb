// Package callcmd is m2m call: one request with a token, its answer, and why it
// was rejected.
package callcmd
