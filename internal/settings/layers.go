package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"m2m/internal/exit"
)

// ProxyVariable is where programs look for the proxy of https addresses. The
// local tenant's settings hold its own under this name; a .env cannot.
const ProxyVariable = "HTTPS_PROXY"

// layer is one place that settings come from. A higher one wins.
type layer int

// The layers, lowest first.
const (
	layerNone layer = iota // not set
	LayerDefault
	LayerEnvFile
	LayerEnvironment
	layerLocal
	layerFlag
	LayerSuite // the file of a suite, for what its own clients are
)

// Source says where a value came from. The zero value is "nowhere".
type Source struct {
	Layer layer
	// name is the variable, the flag (without dashes) or the key of a suite.
	Name string
	// file is the .env as the user knows it, for layerEnvFile; the file and line
	// of a suite, for layerSuite.
	File string
}

// String names the source for a message: "the environment (CLIENT_SECRET)".
func (s Source) String() string {
	switch s.Layer {
	case layerFlag:
		return "--" + s.Name
	case layerLocal:
		return "the local tenant"
	case LayerEnvironment, LayerEnvFile, LayerSuite:
		return fmt.Sprintf("%s (%s)", s.place(), s.Name)
	case LayerDefault:
		return "the default"
	}
	return "nowhere"
}

// Subject names the value for the start of a sentence: "CLIENT_SECRET in .env".
func (s Source) Subject() string {
	switch s.Layer {
	case LayerEnvironment, LayerEnvFile, LayerSuite:
		return s.Name + " in " + s.place()
	case layerLocal:
		return s.Name + " of the local tenant"
	}
	return s.String()
}

// place names the layer alone.
func (s Source) place() string {
	switch s.Layer {
	case LayerEnvFile, LayerSuite:
		return s.File
	case LayerEnvironment:
		return "the environment"
	}
	return s.String()
}

// layers is what was given, ready to be asked for one setting after the other.
type layers struct {
	Input
	file *envFile // nil if there is none
}

// newLayers reads the .env and refuses what no setting could mean.
func newLayers(in Input) (*layers, error) {
	in.NoEnvFile = in.NoEnvFile || in.Local != nil
	if in.NoEnvFile && in.EnvFile != "" {
		return nil, exit.Usagef("--env-file has no place beside the local tenant, whose settings are complete").
			Hint("leave --env-file out, or give flags: they come before the local tenant's settings").
			Wrap(exit.ErrFlagConflict)
	}
	if err := checkFlagsFilled(in.Flags); err != nil {
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
	for _, row := range Rows {
		for _, f := range row.Flags {
			values, given := flags[f.Name]
			if given && strings.TrimSpace(strings.Join(values, "")) == "" {
				return exit.EmptyFlag(f.Name)
			}
		}
	}
	return nil
}

// flag returns the value of a flag; several values are joined by commas.
func (l *layers) flag(name string) (Given[string], bool) {
	values, ok := l.Flags[name]
	if !ok {
		return Given[string]{}, false
	}
	return Given[string]{strings.Join(values, ","), Source{Layer: layerFlag, Name: name}}, true
}

// switched reports whether a flag without a value was given. --flag=false is
// the same as leaving it out.
func (l *layers) switched(name string) bool {
	g, ok := l.flag(name)
	return ok && g.Value != "false"
}

// at returns what one layer gives for a setting by its variables. Empty values
// count as not set: CI systems define a variable for every secret they were
// told of, and leave it empty where the secret is not to be had.
func (l *layers) at(ly layer, s Setting) (Given[string], bool) {
	row := rowOf(s)
	for _, name := range row.Variables {
		value := l.variable(ly, name)
		if !row.Secret {
			value = strings.TrimSpace(value) // a carriage return from a file of Windows, mostly
		}
		if strings.TrimSpace(value) != "" {
			from := Source{Layer: ly, Name: name}
			if ly == LayerEnvFile {
				from.File = l.file.label
			}
			return Given[string]{value, from}, true
		}
	}
	return Given[string]{}, false
}

func (l *layers) variable(ly layer, name string) (value string) {
	switch {
	case ly == layerLocal:
		value = l.Local[name]
	case ly == LayerEnvironment:
		value, _ = l.Lookup(name)
	case ly == LayerEnvFile && l.file != nil:
		value = l.file.values[name]
	}
	return value
}

// order returns the layers that hold variables, highest first. The local
// tenant's settings are a complete set: mixed with those of a real tenant they
// would send one's secret to the other.
func (l *layers) order() []layer {
	if l.Local != nil {
		return []layer{layerLocal}
	}
	return []layer{LayerEnvironment, LayerEnvFile}
}

// find returns the value of a setting from the highest layer that has one, after
// a suite's own client. Only the setting's first flag is looked at.
func (l *layers) find(s Setting) Given[string] {
	if g, ok := l.Client.find(s); ok {
		return g
	}
	if flags := rowOf(s).Flags; len(flags) > 0 {
		if g, ok := l.flag(flags[0].Name); ok {
			return g
		}
	}
	for _, ly := range l.order() {
		if g, ok := l.at(ly, s); ok {
			return g
		}
	}
	return Given[string]{}
}

// errListMember says that a comma list has an empty member.
var errListMember = errors.New("a list has an empty member")

// list splits a comma list. An empty member is refused and not dropped: it is
// mostly a variable that is not set ("$READ,$WRITE"), and a requirement that
// goes missing opens a door.
func list(g Given[string]) (Given[[]string], error) {
	if g.From.Layer == layerNone {
		return Given[[]string]{}, nil
	}
	members := strings.Split(g.Value, ",")
	for i := range members {
		members[i] = strings.TrimSpace(members[i])
	}
	if slices.Contains(members, "") {
		return Given[[]string]{}, exit.Usagef("%s has an empty member: %s", g.From.Subject(), Quoted(g.Value)).
			Hint("write its members with one comma between two; if one is a variable, it is not set").
			Wrap(errListMember)
	}
	return Given[[]string]{members, g.From}, nil
}

// path returns a value that is a path as seen from where it was written: the
// folder of the .env, or the working directory.
func (l *layers) path(g Given[string]) Given[string] {
	switch {
	case g.Value == "":
	case g.From.Layer == LayerEnvFile:
		g.Value = Absolute(l.file.folder(), g.Value)
	default:
		g.Value = Absolute(l.Dir, g.Value)
	}
	return g
}
