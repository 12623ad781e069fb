package main

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestReadmeNamesJSONKeys: the keys of call's JSON are stable and documented, so
// that the part of the README about each form names all of them.
func TestReadmeNamesJSONKeys(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for section, document := range map[string]any{
		"## Call an API\n":             answerDocument{},
		"### A suite of smoke tests\n": suiteDocument{},
		"## Is the door locked?\n":     probeDocument{},
	} {
		_, part, found := strings.Cut(string(text), section)
		if !found {
			t.Fatalf("README.md has no section %q", section)
		}
		part, _, _ = strings.Cut(part, "\n##")
		for _, key := range jsonKeys(reflect.TypeOf(document)) {
			if !strings.Contains(part, "`"+key+"`") {
				t.Errorf("%s does not name the key %s of %T", strings.TrimSpace(section), key, document)
			}
		}
	}
}

// jsonKeys lists the keys of a document and of what it holds, less what package
// call documents itself.
func jsonKeys(t reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !strings.HasSuffix(t.PkgPath(), "/m2m") && t.PkgPath() != "main" {
		return nil
	}
	var keys []string
	for field := range t.Fields() {
		if key, _, _ := strings.Cut(field.Tag.Get("json"), ","); key != "" {
			keys = append(keys, key)
		}
		keys = append(keys, jsonKeys(field.Type)...)
	}
	return keys
}
