package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"m2m/internal/exit"
	"m2m/internal/input"
	"m2m/internal/text"
)

// The endpoint of managed identities, as App Service gives it to programs, and the secret
// that opens it. The settings of a local tenant have them for a managed identity.
const (
	IdentityEndpoint = "IDENTITY_ENDPOINT"
	IdentityHeader   = "IDENTITY_HEADER"
)

// ProxyVariable holds the proxy for https addresses. The settings of a local
// tenant may set it; a .env may not.
const ProxyVariable = "HTTPS_PROXY"

// Layer is a place that settings come from. A higher one wins.
type Layer int

// The layers, lowest first. Rows says what each setting is called in them.
const (
	layerNone Layer = iota // not set
	LayerDefault
	LayerEnvFile // a .env that was found: another person may have written it (trust.go)
	LayerEnvironment
	LayerNamedFile // the file that --env-file names: the caller's own
	layerLocal     // the running local tenant
	layerFlag
	LayerSuite // the file of a suite, for the clients that it defines
)

// Source says where a value came from. The zero value is "nowhere".
type Source struct {
	Layer Layer
	// Name is the variable, the flag (without dashes) or the key in a suite.
	Name string
	// File is the .env as its user named it, for LayerEnvFile and LayerNamedFile;
	// the file and line of a suite, for LayerSuite.
	File string
}

// String names the source for a message: "the environment (CLIENT_SECRET)".
func (s Source) String() string {
	switch s.Layer {
	case layerFlag:
		return "--" + s.Name
	case layerLocal:
		return "the local tenant"
	case LayerEnvironment, LayerEnvFile, LayerNamedFile, LayerSuite:
		return fmt.Sprintf("%s (%s)", s.place(), s.Name)
	case LayerDefault:
		return "the default"
	}
	return "nowhere"
}

// Subject names the value for the start of a sentence: "CLIENT_SECRET in .env".
func (s Source) Subject() string {
	switch s.Layer {
	case LayerEnvironment, LayerEnvFile, LayerNamedFile, LayerSuite:
		return s.Name + " in " + s.place()
	case layerLocal:
		return s.Name + " of the local tenant"
	}
	return s.String()
}

// place names the layer alone.
func (s Source) place() string {
	switch s.Layer {
	case LayerEnvFile, LayerNamedFile, LayerSuite:
		return s.File
	case LayerEnvironment:
		return "the environment"
	}
	return s.String()
}

// layers looks up settings in what was given.
type layers struct {
	Input
	file *envFile // nil if there is none
}

// newLayers checks the flags and reads the .env: the one that --env-file names,
// else the one in the working directory, but not with a local tenant. Its errors
// are exit.Errors.
func newLayers(in Input) (*layers, error) {
	if in.NoEnvFile && in.EnvFile != "" {
		return nil, exit.Usagef("--env-file cannot be used under a local tenant, which gives this command all of its settings").
			Hint("leave --env-file out; flags still win over the tenant's settings").
			Wrap(exit.ErrFlagConflict)
	}
	if err := checkFlags(in); err != nil {
		return nil, err
	}
	in.NoEnvFile = in.NoEnvFile || in.Local != nil && in.EnvFile == ""
	file, err := readEnvFile(in)
	if err != nil {
		return nil, err
	}
	return &layers{in, file}, nil
}

// errFlagTwice says that a flag that takes one value was given two.
var errFlagTwice = errors.New("a flag is given more than once")

// checkFlags returns an error for a flag with an empty value, and for one that
// takes one value and was given several. If TENANT is not set, --tenant "$TENANT"
// must not mean the tenant of a lower layer; and of --tenant A --tenant B the last
// must not win silently.
func checkFlags(in Input) error {
	for _, row := range Rows {
		for _, f := range row.Flags {
			values, given := in.Flags[f.Name]
			switch {
			case !given:
			case strings.TrimSpace(strings.Join(values, "")) == "":
				return exit.EmptyFlag(f.Name)
			case len(values) > 1 && f.kind == flagText && !(row.Setting == Tenant && in.Uses.Judge):
				return exit.Usagef("--%s is given %d times, and takes one value", f.Name, len(values)).
					Hint("leave all but one out").
					Wrap(errFlagTwice)
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

// switched reports whether a flag of kind flagSwitch is on; --flag=false is the
// same as leaving it out.
func (l *layers) switched(name string) bool {
	g, ok := l.flag(name)
	return ok && g.Value != "false"
}

// at returns the value that the variables of one layer give for a setting. Empty
// counts as not set: CI systems define a variable for each secret of a job and
// leave it empty where the job may not read the secret.
func (l *layers) at(ly Layer, s Setting) (Given[string], bool) {
	row := rowOf(s)
	for _, name := range row.Variables {
		value := l.variable(ly, name)
		if !row.Secret {
			value, _ = clean(s, value)
		}
		if strings.TrimSpace(value) != "" {
			from := Source{Layer: ly, Name: name}
			if ly == LayerEnvFile || ly == LayerNamedFile {
				from.File = l.file.label
			}
			return Given[string]{value, from}, true
		}
	}
	return Given[string]{}, false
}

// clean takes a value out of what people paste around it. changed lists what it left
// out.
func clean(s Setting, value string) (cleaned string, changed []string) {
	switch s {
	case Tenant, ClientID:
		return input.ID(value)
	}
	return input.Value(value)
}

// cleaned says, for the debug log, which values were not taken as they were given.
func (l *layers) cleaned() []string {
	var lines []string
	add := func(s Setting, name, value string) {
		if _, changed := clean(s, value); len(changed) > 0 && !rowOf(s).Secret {
			lines = append(lines, fmt.Sprintf("settings: %s: left out %s", name, strings.Join(changed, ", ")))
		}
	}
	for _, row := range Rows {
		for _, f := range row.Flags {
			if g, ok := l.flag(f.Name); ok {
				add(row.Setting, "--"+f.Name, g.Value)
			}
		}
		for _, ly := range l.order(row.Setting) {
			for _, name := range row.Variables {
				add(row.Setting, name, l.variable(ly, name))
			}
		}
	}
	return lines
}

func (l *layers) variable(ly Layer, name string) (value string) {
	switch {
	case ly == layerLocal:
		value = l.Local[name]
	case ly == LayerEnvironment:
		value, _ = l.Lookup(name)
	case l.file != nil && ly == l.file.layer():
		value = l.file.values[name]
	}
	return value
}

// The layers that hold variables, highest first.
var (
	usualOrder = []Layer{LayerNamedFile, LayerEnvironment, LayerEnvFile}
	localOnly  = []Layer{layerLocal}
	// localFirst is for the settings of an API next to a tenant that runs without
	// one (m2m tenant run).
	localFirst = []Layer{layerLocal, LayerNamedFile, LayerEnvironment}
)

// order returns the layers in which a setting is looked for. Settings of the local
// tenant are never completed with those of a real one: one's secret would be sent
// to the other. But where the tenant runs without an API, the API is the caller's.
func (l *layers) order(s Setting) []Layer {
	switch {
	case l.Local == nil:
		return usualOrder
	case l.Local["API_URL"] == "" && (s == APIURL || s == RequiredRoles || s == RequiredScopes):
		return localFirst
	}
	return localOnly
}

// find returns the value of a setting from the highest layer that has one. Of
// the setting's flags it reads only the first.
func (l *layers) find(s Setting) Given[string] {
	if g, ok := l.Client.find(s); ok {
		return g
	}
	if flags := rowOf(s).Flags; len(flags) > 0 {
		if g, ok := l.flag(flags[0].Name); ok {
			g.Value, _ = clean(s, g.Value)
			return g
		}
	}
	for _, ly := range l.order(s) {
		if g, ok := l.at(ly, s); ok {
			return g
		}
	}
	return Given[string]{}
}

// errListMember says that a comma list has an empty member.
var errListMember = errors.New("a list has an empty member")

// list splits a comma list. An empty member is an error: it is mostly a variable
// that is not set ("$READ,$WRITE"), and dropping it would drop a requirement.
func list(g Given[string]) (Given[[]string], error) {
	if g.From.Layer == layerNone {
		return Given[[]string]{}, nil
	}
	members := strings.Split(g.Value, ",")
	for i := range members {
		members[i] = strings.TrimSpace(members[i])
	}
	if slices.Contains(members, "") {
		return Given[[]string]{}, exit.Usagef("%s has an empty member: %s", g.From.Subject(), text.QuoteGiven(g.Value)).
			Hint("write its members with one comma between two; if one is a variable, it is not set").
			Wrap(errListMember)
	}
	return Given[[]string]{members, g.From}, nil
}

// path makes a value absolute: in a .env it starts at the file's folder,
// elsewhere at the working directory.
func (l *layers) path(g Given[string]) Given[string] {
	switch {
	case g.Value == "":
	case g.From.Layer == LayerEnvFile || g.From.Layer == LayerNamedFile:
		g.Value = Absolute(l.file.folder(), g.Value)
	default:
		g.Value = Absolute(l.Dir, g.Value)
	}
	return g
}
