package cache

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"m2m/internal/entra"
)

// TestEveryPartOfTheKeyHasItsOwnSlot changes one field at a time, the secret too.
func TestEveryPartOfTheKeyHasItsOwnSlot(t *testing.T) {
	store, names := &Store{Dir: t.TempDir()}, map[string]string{}
	add := func(what string, store *Store, k Key) {
		s, err := store.Slot(k)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := names[s.name]; ok {
			t.Errorf("%s has the slot of %s", what, other)
		}
		names[s.name] = what
	}
	base := Key{
		Authority: "https://login.microsoftonline.com", Tenant: "t", ClientID: "c", Scope: "s", Credential: "client secret",
		Secret: entra.NewSecret("any secret of any client"),
	}
	add("the base", store, base)
	for what, change := range map[string]func(*Key){
		"authority": func(k *Key) { k.Authority = "https://login.microsoftonline.us" }, "tenant": func(k *Key) { k.Tenant = "u" },
		"region": func(k *Key) { k.Region = "westeurope" }, "client": func(k *Key) { k.ClientID = "d" },
		"agent": func(k *Key) { k.Agent = "a" }, "scope": func(k *Key) { k.Scope = "x" }, "claims": func(k *Key) { k.Claims = "{}" },
		"kind": func(k *Key) { k.Credential = "certificate" }, "secret": func(k *Key) { k.Secret = entra.NewSecret("\xff") },
		"another secret that is no text": func(k *Key) { k.Secret = entra.NewSecret("\xfe") },
	} {
		k := base
		change(&k)
		add(what, store, k)
	}
	add("another folder: a file alone tests no guess of a secret", &Store{Dir: t.TempDir()}, base)
	if s, err := store.Slot(base); err != nil || names[s.name] != "the base" {
		t.Errorf("the second time: %v, %v", s, err)
	}
}

// TestOneKeyForManyProcesses: whoever makes the key, all read the same one.
func TestOneKeyForManyProcesses(t *testing.T) {
	dir := t.TempDir()
	keys := make(chan string, 50)
	for range cap(keys) {
		go func() {
			key, err := openKey(dir)
			keys <- fmt.Sprintf("%x %v", key, err)
		}()
	}
	first := <-keys
	for range cap(keys) - 1 {
		if next := <-keys; next != first {
			t.Errorf("%s and %s", first, next)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v, want the key alone", files, err)
	}
}

// FuzzOpenEntry changes a sealed entry, which must then not open.
func FuzzOpenEntry(f *testing.F) {
	s := &Slot{name: "name", key: bytes.Repeat([]byte{7}, 32)}
	sealed, err := s.seal(&Entry{Access: "abc", Type: "Bearer"}, bytes.NewReader(make([]byte, 12)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add(sealed[:20])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := s.open(data)
		if (err == nil) != bytes.Equal(data, sealed) {
			t.Errorf("%x opened to %v, %v", data, e, err)
		}
	})
}
