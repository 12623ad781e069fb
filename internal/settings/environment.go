package settings

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// cutVariable splits one entry of an environment.
func cutVariable(entry string) (name, value string, ok bool) {
	return strings.Cut(entry, "=")
}

// LookupVariable finds a name in an environment; the last of two counts, as in
// os/exec.
func LookupVariable(environ []string, name string) (value string, ok bool) {
	for _, entry := range slices.Backward(environ) {
		if k, v, ok := cutVariable(entry); ok && k == name {
			return v, true
		}
	}
	return "", false
}

// WithoutVariables returns a copy of an environment that lacks the names given.
func WithoutVariables(environ []string, names []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := cutVariable(entry)
		return slices.Contains(names, name)
	})
}

// WithVariables returns a copy of an environment in which the names given have
// the values given, in a fixed order.
func WithVariables(environ []string, values map[string]string) []string {
	names := slices.Sorted(maps.Keys(values))
	result := WithoutVariables(environ, names)
	for _, name := range names {
		result = append(result, name+"="+values[name])
	}
	return result
}

// places returns the folders that m2m keeps things in. They are no part of the
// local tenant's identity, so that the environment counts beside --local, which
// is found through them.
func (l *layers) places() places {
	cacheDir, stateDir := l.userFolders()
	return places{CacheDir: l.place(CacheDir, cacheDir), StateDir: l.place(StateDir, stateDir)}
}

func (l *layers) place(s Setting, standard string) string {
	for _, ly := range []layer{layerLocal, LayerEnvironment, LayerEnvFile} {
		if g, ok := l.at(ly, s); ok {
			return l.path(g).Value
		}
	}
	return standard
}

// userFolders returns the folders for caches and state that the system's
// conventions give: the XDG base directory specification, Apple's Library,
// Windows' local application data. They are empty where the environment does
// not tell them: a cache that cannot be placed is no reason to fail.
func (l *layers) userFolders() (cacheDir, stateDir string) {
	switch l.GOOS {
	case "windows":
		local := l.absoluteVariable("LocalAppData")
		return under(local, "m2m", "cache"), under(local, "m2m", "state")
	case "darwin", "ios":
		library := under(l.absoluteVariable("HOME"), "Library")
		return under(library, "Caches", "m2m"), under(library, "Application Support", "m2m")
	}
	home := l.absoluteVariable("HOME")
	cacheDir, stateDir = under(home, ".cache", "m2m"), under(home, ".local", "state", "m2m")
	if xdg := l.absoluteVariable("XDG_CACHE_HOME"); xdg != "" {
		cacheDir = filepath.Join(xdg, "m2m")
	}
	if xdg := l.absoluteVariable("XDG_STATE_HOME"); xdg != "" {
		stateDir = filepath.Join(xdg, "m2m")
	}
	return cacheDir, stateDir
}

// absoluteVariable returns a variable that holds an absolute path; the XDG
// specification has relative ones ignored.
func (l *layers) absoluteVariable(name string) string {
	if path, _ := l.Lookup(name); filepath.IsAbs(path) {
		return path
	}
	return ""
}

// under returns a path below a folder; empty if there is no folder.
func under(folder string, elements ...string) string {
	if folder == "" {
		return ""
	}
	return filepath.Join(append([]string{folder}, elements...)...)
}
