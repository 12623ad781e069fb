package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"m2m/internal/exit"
)

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
	layerSuite // the file of a suite, for what its own clients are
)

// source says where a value came from. The zero value is "nowhere".
type source struct {
	layer layer
	// name is the variable, the flag (without dashes) or the key of a suite.
	name string
	// file is the .env as the user knows it, for layerEnvFile; the file and line
	// of a suite, for layerSuite.
	file string
}

// String names the source for a message: "the environment (CLIENT_SECRET)".
func (s source) String() string {
	switch s.layer {
	case layerFlag:
		return "--" + s.name
	case layerLocal:
		return "the local tenant"
	case layerEnvironment, layerEnvFile, layerSuite:
		return fmt.Sprintf("%s (%s)", s.place(), s.name)
	case layerDefault:
		return "the default"
	}
	return "nowhere"
}

// subject names the value for the start of a sentence: "CLIENT_SECRET in .env".
func (s source) subject() string {
	switch s.layer {
	case layerEnvironment, layerEnvFile, layerSuite:
		return s.name + " in " + s.place()
	case layerLocal:
		return s.name + " of the local tenant"
	}
	return s.String()
}

// place names the layer alone.
func (s source) place() string {
	switch s.layer {
	case layerEnvFile, layerSuite:
		return s.file
	case layerEnvironment:
		return "the environment"
	}
	return s.String()
}

// layers is what was given, ready to be asked for one setting after the other.
type layers struct {
	settingsInput
	file *envFile // nil if there is none
}

// newLayers reads the .env and refuses what no setting could mean.
func newLayers(in settingsInput) (*layers, error) {
	in.noEnvFile = in.noEnvFile || in.local != nil
	if in.noEnvFile && in.envFile != "" {
		return nil, exit.Usagef("--env-file has no place beside the local tenant, whose settings are complete").
			Hint("leave --env-file out, or give flags: they come before the local tenant's settings").
			Wrap(exit.ErrFlagConflict)
	}
	if err := checkFlagsFilled(in.flags); err != nil {
		return nil, err
	}
	file, err := readEnvFile(in)
	if err != nil {
		return nil, err
	}
	return &layers{in, file}, nil
}

// checkFlagsFilled refuses flags with nothing in them. A flag that was typed
// means something: taking --tenant "$TENANT" for not given, because TENANT is
// unset, would use another tenant than the one meant.
func checkFlagsFilled(flags map[string][]string) error {
	for _, row := range settingRows {
		for _, f := range row.flags {
			values, given := flags[f.name]
			if given && strings.TrimSpace(strings.Join(values, "")) == "" {
				return exit.EmptyFlag(f.name)
			}
		}
	}
	return nil
}

// flag returns the value of a flag; several values are joined by commas.
func (l *layers) flag(name string) (given[string], bool) {
	values, ok := l.flags[name]
	if !ok {
		return given[string]{}, false
	}
	return given[string]{strings.Join(values, ","), source{layer: layerFlag, name: name}}, true
}

// switched reports whether a flag without a value was given. --flag=false is
// the same as leaving it out.
func (l *layers) switched(name string) bool {
	g, ok := l.flag(name)
	return ok && g.value != "false"
}

// at returns what one layer gives for a setting by its variables. Empty values
// count as not set: CI systems define a variable for every secret they were
// told of, and leave it empty where the secret is not to be had.
func (l *layers) at(ly layer, s setting) (given[string], bool) {
	row := rowOf(s)
	for _, name := range row.names {
		value := l.variable(ly, name)
		if !row.secret {
			value = strings.TrimSpace(value) // a carriage return from a file of Windows, mostly
		}
		if strings.TrimSpace(value) != "" {
			from := source{layer: ly, name: name}
			if ly == layerEnvFile {
				from.file = l.file.label
			}
			return given[string]{value, from}, true
		}
	}
	return given[string]{}, false
}

func (l *layers) variable(ly layer, name string) (value string) {
	switch {
	case ly == layerLocal:
		value = l.local[name]
	case ly == layerEnvironment:
		value, _ = l.lookup(name)
	case ly == layerEnvFile && l.file != nil:
		value = l.file.values[name]
	}
	return value
}

// order returns the layers that hold variables, highest first. The local
// tenant's settings are a complete set: mixed with those of a real tenant they
// would send one's secret to the other.
func (l *layers) order() []layer {
	if l.local != nil {
		return []layer{layerLocal}
	}
	return []layer{layerEnvironment, layerEnvFile}
}

// find returns the value of a setting from the highest layer that has one, after
// a suite's own client. Only the setting's first flag is looked at.
func (l *layers) find(s setting) given[string] {
	if g, ok := l.client.find(s); ok {
		return g
	}
	if flags := rowOf(s).flags; len(flags) > 0 {
		if g, ok := l.flag(flags[0].name); ok {
			return g
		}
	}
	for _, ly := range l.order() {
		if g, ok := l.at(ly, s); ok {
			return g
		}
	}
	return given[string]{}
}

// errListMember says that a comma list has an empty member.
var errListMember = errors.New("a list has an empty member")

// list splits a comma list. An empty member is refused and not dropped: it is
// mostly a variable that is not set ("$READ,$WRITE"), and a requirement that
// goes missing opens a door.
func list(g given[string]) (given[[]string], error) {
	if g.from.layer == layerNone {
		return given[[]string]{}, nil
	}
	members := strings.Split(g.value, ",")
	for i := range members {
		members[i] = strings.TrimSpace(members[i])
	}
	if slices.Contains(members, "") {
		return given[[]string]{}, exit.Usagef("%s has an empty member: %s", g.from.subject(), quoted(g.value)).
			Hint("write its members with one comma between two; if one is a variable, it is not set").
			Wrap(errListMember)
	}
	return given[[]string]{members, g.from}, nil
}

// path returns a value that is a path as seen from where it was written: the
// folder of the .env, or the working directory.
func (l *layers) path(g given[string]) given[string] {
	switch {
	case g.value == "":
	case g.from.layer == layerEnvFile:
		g.value = absolute(l.file.folder(), g.value)
	default:
		g.value = absolute(l.dir, g.value)
	}
	return g
}
