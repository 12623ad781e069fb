// Package directory describes the tenants that a local tenant server is: their
// APIs, clients, credentials and grants, as Entra's registrations have them. It
// finds them by the names that requests use, and checks that Entra could hold
// them.
package directory
