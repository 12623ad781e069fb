// Command m2m makes and checks machine-to-machine calls secured by Microsoft
// Entra ID (OAuth 2.0 client credentials):
//
//	m2m token     acquires an app-only token
//	m2m verify    decodes and validates a token
//	m2m call      calls an endpoint with a token and explains a rejection
//	m2m serve     runs a protected API and, with --local, a tenant next to it
//
// The whole loop runs offline:
//
//	m2m serve --local -- m2m call /secure-data
//
// Data goes to stdout, all else to stderr with "m2m: " in front: a reason, then
// hints. With -o json an error is one JSON object on stderr. The exit codes are
// those of package exit.
//
// This package has the table of the commands. Each is a package below
// m2m/internal/cli, which is what they share.
package main

import (
	"os"

	"m2m/internal/cli"
	"m2m/internal/cli/callcmd"
	"m2m/internal/cli/helpcmd"
	"m2m/internal/cli/servecmd"
	"m2m/internal/cli/tokencmd"
	"m2m/internal/cli/verifycmd"
)

func main() { os.Exit(int(cli.Main(cli.Process(), commands))) }

// commands are in the order in which help lists them.
var commands = cli.Commands{
	List: []cli.Command{
		{Name: "token", New: tokencmd.New},
		{Name: "verify", New: verifycmd.New},
		{Name: "call", New: callcmd.New},
		{Name: "serve", New: servecmd.New},
	},
	Topics: helpcmd.Topics,
	Help:   helpcmd.New,
}
