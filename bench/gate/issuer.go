package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"

	"bench/stage"
)

// issuer is the one of the stage, with its tokens and its key in files: wrk and
// HAProxy read those.
type issuer struct {
	*stage.Issuer
	dir  string
	keys int
	// written is how many tokens there are in each file.
	written map[string]int
}

// newIssuer publishes so many keys, of which one signs.
func newIssuer(dir string, keys int) (*issuer, error) {
	published, err := stage.NewIssuer(dir)
	if err != nil {
		return nil, err
	}
	i := &issuer{Issuer: published, dir: dir, keys: keys, written: map[string]int{}}
	signs := i.Current()
	i.Publish(append(stage.UnusedKeys(keys-1), signs)...)
	public, err := signs.PublicKey()
	if err != nil {
		return nil, err
	}
	return i, os.WriteFile(i.keyFile(), public, 0o600)
}

func (i *issuer) keyFile() string              { return filepath.Join(i.dir, "key.pem") }
func (i *issuer) tokenFile(name string) string { return filepath.Join(i.dir, name+".tokens") }

// writeTokens writes files of so many different tokens, one a line.
func (i *issuer) writeTokens(files map[string]int) error {
	for name, n := range files {
		i.written[name] = n
		if err := i.writeFile(i.tokenFile(name), i.Tokens(n)); err != nil {
			return err
		}
	}
	return nil
}

func (i *issuer) writeFile(path string, tokens []string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	for _, t := range tokens {
		fmt.Fprintln(w, t)
	}
	return w.Flush()
}
