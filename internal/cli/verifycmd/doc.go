// Package verifycmd is the command "m2m verify": it reads a token, or with
// --batch many, checks it, and prints a report as text or JSON.
package verifycmd
