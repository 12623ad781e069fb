// Package helpcmd is m2m help: pages about settings and exit codes, and what an
// AADSTS code of Entra's means.
package helpcmd
