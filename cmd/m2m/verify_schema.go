package main

import (
	_ "embed" // the schema
	"io"

	"m2m/internal/exit"
)

// verifySchema is the JSON Schema of what `verify -o json` prints and of each
// line of `verify --batch`.
//
//go:embed verify.schema.json
var verifySchema string

func printSchema(env *Env, args []string) error {
	if len(args) > 0 {
		return exit.Usagef("--schema takes no token: it prints the form of every report")
	}
	_, err := io.WriteString(env.out, verifySchema)
	return err
}
