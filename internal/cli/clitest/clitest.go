// Package clitest is what the tests of several commands share.
package clitest

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// Readme returns the text of README.md to the test of a command.
func Readme(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// CheckJSONPage checks that a section of docs/json.md names every key of a JSON
// document. section is its whole heading line.
func CheckJSONPage(t *testing.T, section string, document any) {
	t.Helper()
	page, err := os.ReadFile(root(t) + "/docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, found := strings.Cut(string(page), section+"\n")
	if !found {
		t.Fatalf("docs/json.md has no section %q", section)
	}
	part, _, _ = strings.Cut(part, "\n##")
	of := reflect.TypeOf(document)
	for _, key := range keysOf(of, of.PkgPath()) {
		if !strings.Contains(part, "`"+key+"`") {
			t.Errorf("%s of docs/json.md does not name the key %s of %T", section, key, document)
		}
	}
}

// root is the folder of the module, as the tests of a command and of package cli see it.
func root(t *testing.T) string {
	t.Helper()
	for _, dir := range []string{"../..", "../../.."} {
		if _, err := os.Stat(dir + "/go.mod"); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod above")
	return ""
}

// keysOf lists the keys of a document and of what it holds, if that is of the
// same package: others document their own.
func keysOf(t reflect.Type, pkg string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.PkgPath() != pkg {
		return nil
	}
	var keys []string
	for field := range t.Fields() {
		if field.PkgPath != "" && !field.Anonymous {
			continue // not in the JSON
		}
		if key, _, _ := strings.Cut(field.Tag.Get("json"), ","); key != "" {
			keys = append(keys, key)
		}
		keys = append(keys, keysOf(field.Type, pkg)...)
	}
	return keys
}
