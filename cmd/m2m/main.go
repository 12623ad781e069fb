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

// commands is the table of the commands.
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
