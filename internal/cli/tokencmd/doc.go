// Package tokencmd is the command "m2m token": it acquires a token and prints it,
// in one of several forms, or writes it to a file.
package tokencmd
