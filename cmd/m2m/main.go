// Command m2m makes and checks machine-to-machine calls secured by Microsoft
// Entra ID (OAuth 2.0 client credentials):
//
//	m2m token     acquires an app-only token
//	m2m verify    decodes and validates a token
//	m2m call      calls an endpoint with a token and explains a rejection
//	m2m test      runs suites of smoke tests
//	m2m probe     checks whether an API really validates its tokens
//	m2m doctor    checks everything between this machine and a successful call
//	m2m serve     runs a protected API and, with --local, a local tenant with it
//	m2m tenant    mints tokens of the local tenant and makes it misbehave
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
	"m2m/internal/cli/doctorcmd"
	"m2m/internal/cli/helpcmd"
	"m2m/internal/cli/initcmd"
	"m2m/internal/cli/probecmd"
	"m2m/internal/cli/servecmd"
	"m2m/internal/cli/tenantcmd"
	"m2m/internal/cli/testcmd"
	"m2m/internal/cli/tokencmd"
	"m2m/internal/cli/verifycmd"
)

func main() { os.Exit(int(cli.Main(cli.Process(), commands))) }

// The headings of the commands in help.
const (
	loop    = "Token, call, why"
	checks  = "Checks of an API"
	servers = "Servers"
)

// commands are in the order in which help lists them.
var commands = cli.Commands{
	List: []cli.Command{
		{Name: "token", New: tokencmd.New, Group: loop},
		{Name: "call", New: callcmd.New, Group: loop},
		{Name: "verify", New: verifycmd.New, Group: loop},
		{Name: "test", New: testcmd.New, Group: checks},
		{Name: "probe", New: probecmd.New, Group: checks},
		{Name: "doctor", New: doctorcmd.New, Group: checks},
		{Name: "serve", New: servecmd.New, Group: servers},
		{Name: "tenant", New: tenantcmd.New, Group: servers},
		{Name: "init", New: initcmd.New},
		{Name: "version", New: helpcmd.NewVersion},
		{Name: "man", New: helpcmd.NewMan, NeedsAll: true},
	},
	Topics: helpcmd.Topics,
	Help:   helpcmd.New,
}
