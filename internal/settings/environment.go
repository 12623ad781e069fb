package settings

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// cutVariable splits an entry of an environment, NAME=value.
func cutVariable(entry string) (name, value string, ok bool) {
	return strings.Cut(entry, "=")
}

// LookupVariable finds a variable in an environment, a list as of os.Environ; of
// two entries the last counts, as in os/exec.
func LookupVariable(environ []string, name string) (value string, ok bool) {
	for _, entry := range slices.Backward(environ) {
		if k, v, ok := cutVariable(entry); ok && k == name {
			return v, true
		}
	}
	return "", false
}

// WithoutVariables returns a copy of an environment without the given names.
func WithoutVariables(environ []string, names []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := cutVariable(entry)
		return slices.Contains(names, name)
	})
}

// WithVariables returns a copy of an environment in which the given names have the
// given values; they come last, sorted by name.
func WithVariables(environ []string, values map[string]string) []string {
	names := slices.Sorted(maps.Keys(values))
	result := WithoutVariables(environ, names)
	for _, name := range names {
		result = append(result, name+"="+values[name])
	}
	return result
}

// places returns the folders that m2m keeps files in. The environment counts with
// --local too, because the running tenant is found in the state folder.
func (l *layers) places() Places {
	cacheDir, stateDir := l.userFolders()
	return Places{CacheDir: l.place(CacheDir, cacheDir), StateDir: l.place(StateDir, stateDir)}
}

func (l *layers) place(s Setting, standard string) string {
	for _, ly := range []Layer{layerLocal, LayerNamedFile, LayerEnvironment, LayerEnvFile} {
		if g, ok := l.at(ly, s); ok {
			return l.path(g).Value
		}
	}
	return standard
}

// userFolders returns the operating system's folders for caches and state: those
// of the XDG base directory specification, Library on Apple's systems, local
// application data on Windows. They are empty if the environment does not say.
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
// specification says to ignore a relative one.
func (l *layers) absoluteVariable(name string) string {
	if path, _ := l.Lookup(name); filepath.IsAbs(path) {
		return path
	}
	return ""
}

// under joins a folder and elements; empty if the folder is.
func under(folder string, elements ...string) string {
	if folder == "" {
		return ""
	}
	return filepath.Join(append([]string{folder}, elements...)...)
}
