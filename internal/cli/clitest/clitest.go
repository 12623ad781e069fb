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

// CheckReadmeKeys checks that a section of README.md names every key of a JSON
// document: they are stable and documented. section is its whole heading line.
func CheckReadmeKeys(t *testing.T, section string, document any) {
	t.Helper()
	_, part, found := strings.Cut(Readme(t), section+"\n")
	if !found {
		t.Fatalf("README.md has no section %q", section)
	}
	part, _, _ = strings.Cut(part, "\n##")
	of := reflect.TypeOf(document)
	for _, key := range keysOf(of, of.PkgPath()) {
		if !strings.Contains(part, "`"+key+"`") {
			t.Errorf("%s does not name the key %s of %T", section, key, document)
		}
	}
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
		if key, _, _ := strings.Cut(field.Tag.Get("json"), ","); key != "" {
			keys = append(keys, key)
		}
		keys = append(keys, keysOf(field.Type, pkg)...)
	}
	return keys
}
