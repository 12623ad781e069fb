package main

import "fmt"

// layer is one place that settings come from. A higher one wins.
type layer int

// The layers, lowest first.
const (
	layerNone layer = iota // not set
	layerDefault
	layerEnvFile
	layerEnvironment
	layerLocal
	layerFlag
)

// source says where a value came from. The zero value is "nowhere".
type source struct {
	layer layer
	// name is the variable or the flag (without dashes).
	name string
	// file is the .env as the user knows it, for layerEnvFile.
	file string
}

// String names the source for a message: "the environment (CLIENT_SECRET)".
func (s source) String() string {
	switch s.layer {
	case layerFlag:
		return "--" + s.name
	case layerLocal:
		return "the local tenant"
	case layerEnvironment:
		return fmt.Sprintf("the environment (%s)", s.name)
	case layerEnvFile:
		return fmt.Sprintf("%s (%s)", s.file, s.name)
	case layerDefault:
		return "the default"
	}
	return "nowhere"
}
