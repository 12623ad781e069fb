package main

import "path/filepath"

// places returns the folders that m2m keeps things in. They are no part of the
// local tenant's identity, so that the environment counts beside --local, which
// is found through them.
func (l *layers) places() places {
	cacheDir, stateDir := l.userFolders()
	return places{cacheDir: l.place(settingCacheDir, cacheDir), stateDir: l.place(settingStateDir, stateDir)}
}

func (l *layers) place(s setting, standard string) string {
	for _, ly := range []layer{layerLocal, layerEnvironment, layerEnvFile} {
		if g, ok := l.at(ly, s); ok {
			return l.path(g).value
		}
	}
	return standard
}

// userFolders returns the folders for caches and state that the system's
// conventions give: the XDG base directory specification, Apple's Library,
// Windows' local application data. They are empty where the environment does
// not tell them: a cache that cannot be placed is no reason to fail.
func (l *layers) userFolders() (cacheDir, stateDir string) {
	switch l.goos {
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
	if path, _ := l.lookup(name); filepath.IsAbs(path) {
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
