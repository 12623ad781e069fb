// Package forge makes the requests of a probe: forgeries of one valid token, and
// unusual ways to send it.
//
// The [Catalogue] lists the cases. Each makes its request from a [Kit], which
// holds the parts of the valid token, the issuer's public keys, keys of our own,
// and a listener whose address some forgeries name. A case whose request is
// accepted has a risk and a fix; package probe evaluates the answers.
package forge
