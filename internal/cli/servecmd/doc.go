// Package servecmd is the command m2m serve: it runs the protected API, with
// --local next to a local tenant, and --check looks whether the API could start.
package servecmd
