package local

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/settings"
	"m2m/internal/tenant/control"
	"m2m/internal/text"
)

// RunningSettings returns the settings of the tenant that runs on this machine, by
// the names they have in the environment: those of the client or managed identity with
// an ID or display name, or of the default client without one.
func RunningSettings(in settings.Input, as string) (map[string]string, error) {
	return running(in, func(stateDir string) (map[string]string, error) {
		file := ClientFile
		if as != "" {
			data, err := readRunning(stateDir, choicesFile)
			if err != nil {
				return nil, err
			}
			if file, err = chooseFile(data, as); err != nil {
				return nil, err
			}
		}
		data, err := readRunning(stateDir, file)
		if err != nil {
			return nil, err
		}
		return settings.ParseLocal(filepath.Join(stateDir, folderName, file), data)
	})
}

// chooseFile returns the settings file of a client or managed identity.
func chooseFile(data []byte, name string) (string, error) {
	var choices []entry
	if err := json.Unmarshal(data, &choices); err != nil {
		return "", err
	}
	var known []string
	for _, c := range choices {
		if slices.ContainsFunc(c.Names, func(known string) bool { return strings.EqualFold(known, name) }) {
			return c.File, nil
		}
		known = append(known, text.Quote(c.Names[len(c.Names)-1]))
	}
	return "", exit.Usagef("--as: no client or managed identity %s in the running tenant", text.Quote(name)).
		Hint("known: " + strings.Join(known[:min(len(known), mostNames)], ", "))
}

// RunningControl returns how to reach that tenant's control endpoint.
func RunningControl(in settings.Input) (control.Access, error) {
	return running(in, func(stateDir string) (access control.Access, err error) {
		data, err := readRunning(stateDir, ControlFile)
		if err != nil {
			return access, err
		}
		return access, json.Unmarshal(data, &access)
	})
}

// running reads something of the tenant that runs on this machine. Its errors
// are exit.Errors.
func running[T any](in settings.Input, read func(stateDir string) (T, error)) (found T, err error) {
	in.NoEnvFile, in.EnvFile = true, "" // a stranger's .env must not decide which tenant is meant
	places, err := settings.ResolvePlaces(in)
	if err != nil {
		return found, err
	}
	found, err = read(places.StateDir)
	if errors.Is(err, ErrNotRunning) {
		return found, exit.Usagef("no local tenant is running").
			Hint("start one in another terminal: m2m serve --local").
			Wrap(err)
	}
	if refused := (*exit.Error)(nil); errors.As(err, &refused) {
		return found, refused
	}
	if err != nil {
		return found,
			exit.Usagef("the settings of the local tenant cannot be read: %v", err).Hint("stop m2m serve --local and start it again").Wrap(err)
	}
	return found, nil
}

// ProxyOfClientFile returns the proxy that a settings file of the running local
// tenant names: with --intercept its clients are at Microsoft's address, and
// their secrets are not to go there. Any other .env names no proxy.
func ProxyOfClientFile(in settings.Input, path string) entra.Secret {
	in.NoEnvFile, in.EnvFile = true, "" // the file must not decide which folder is the tenant's
	places, err := settings.ResolvePlaces(in)
	if err != nil {
		return entra.Secret{}
	}
	folder, err := os.Stat(filepath.Dir(path))
	if own, ownErr := os.Stat(filepath.Join(places.StateDir, folderName)); err != nil || ownErr != nil || !os.SameFile(folder, own) {
		return entra.Secret{}
	}
	data, err := readRunning(places.StateDir, filepath.Base(path))
	if err != nil {
		return entra.Secret{}
	}
	variables, _ := settings.ParseLocal(path, data) // it was read before, as a .env
	return entra.NewSecret(variables[settings.ProxyVariable])
}
