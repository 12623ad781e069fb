// Package control is the control endpoint of a running local tenant, which no
// Entra has: it reports the tenant's state, makes tokens and faults, changes keys
// and clock. Handler answers there, Client asks.
//
// With the endpoint's key any token of the tenant can be made. It answers
// programs of this user alone: over TLS, on loopback, and never to web pages.
package control
