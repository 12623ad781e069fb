// Package cache keeps access tokens on disk, so that the processes of one user
// share them.
//
// Each token has a [Slot]: a file that is sealed with the credential that the
// token was obtained with, and a lock. Only that credential opens the file, or
// even knows its name. No fault of the cache stops a process: it is a miss, and
// the token is requested again.
package cache
