package main

import (
	"encoding/json"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"m2m/internal/cli/verifycmd/minttest"
)

// mintFile is the script command mint FILE [CLAIMS [HEADER]]: it writes a token whose claims and header differ from
// the good one's by these JSON objects, and the keys to keys.json next to it.
func mintFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 3 {
		ts.Fatalf("usage: mint FILE [CLAIMS [HEADER]]")
	}
	var changes [2]minttest.Object
	for i, text := range args[1:] {
		ts.Check(json.Unmarshal([]byte(text), &changes[i]))
	}
	token, err := minttest.Token(changes[1], changes[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(token+"\n"), 0o600))
	keys, err := minttest.JWKS()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("keys.json"), keys, 0o600))
}
