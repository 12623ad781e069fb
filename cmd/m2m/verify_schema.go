package main

import (
	_ "embed"
	"io"

	"m2m/internal/cli"
	"m2m/internal/exit"
)

// verifySchema is the JSON Schema of what `verify -o json` prints and of each
// line of `verify --batch`.
//
//go:embed verify.schema.json
var verifySchema string

func printSchema(env *cli.Env, args []string) error {
	if len(args) > 0 {
		return exit.Usagef("--schema takes no token: it prints the form of every report")
	}
	_, err := io.WriteString(env.Out, verifySchema)
	return err
}
