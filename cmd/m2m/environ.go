package main

import (
	"maps"
	"slices"
	"strings"
)

// cutVariable splits one entry of an environment.
func cutVariable(entry string) (name, value string, ok bool) {
	return strings.Cut(entry, "=")
}

// lookupVariable finds a name in an environment; the last of two counts, as in
// os/exec.
func lookupVariable(environ []string, name string) (value string, ok bool) {
	for _, entry := range slices.Backward(environ) {
		if k, v, ok := cutVariable(entry); ok && k == name {
			return v, true
		}
	}
	return "", false
}

// withoutVariables returns a copy of an environment that lacks the names given.
func withoutVariables(environ []string, names []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := cutVariable(entry)
		return slices.Contains(names, name)
	})
}

// withVariables returns a copy of an environment in which the names given have
// the values given, in a fixed order.
func withVariables(environ []string, values map[string]string) []string {
	names := slices.Sorted(maps.Keys(values))
	result := withoutVariables(environ, names)
	for _, name := range names {
		result = append(result, name+"="+values[name])
	}
	return result
}
