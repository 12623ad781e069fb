// Package intercept lets a local tenant answer as Entra's login hosts too, so
// that programs with Microsoft's address written into them run unchanged: an
// HTTP proxy (RFC 9110 section 9.3.6, CONNECT) gives the connections to login
// hosts to the tenant and tunnels all others to where they are going.
//
// The proxy is for the programs that were given its password, on loopback, and
// opens no tunnel to this machine, its link or a cloud's metadata service.
package intercept
