package main

import (
	"os"
)

func main() { os.Exit(int(runProcess(process(), commands))) }

// commands is the table of the commands.
var commands = Commands{
	List: []Command{
		{"token", tokenCommand},
		{"verify", verifyCommand},
		{"call", callCommand},
		{"serve", serveCommand},
	},
	Topics: helpTopics,
	Help:   helpCommand,
}
