package testcmd

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"m2m/internal/suite"

	"m2m/internal/call"
	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/settings"
	"m2m/internal/text"
)

// openFile returns the body in a file that a request names. It must be inside the
// folder of the suite, whose author must not be able to send another file of the
// caller's.
func (r *suiteRun) openFile(path string) (call.Body, error) {
	if !settings.IsInside(r.folder, path) {
		return call.Body{}, exit.Usagef("the file %s is outside the folder of the suite", text.Quote(path)).
			Hint("put what a suite sends into its own folder, or into one below")
	}
	body, err := cli.FileBody(settings.Absolute(r.folder, path))
	if err != nil {
		return body, exit.Usagef("%v", err) // without its hints, which are about flags
	}
	return body, nil
}

// checkLeaks rejects a request that carries a credential that m2m uses: as a file, or
// as a value that stands in whatever it sends.
func (r *suiteRun) checkLeaks() error {
	for _, q := range r.plan.Requests {
		if q.File == "" {
			continue
		}
		if why := r.unsendable(settings.Absolute(r.folder, q.File)); why != "" {
			return exit.Usagef("%s:%d: the file %s %s, which must not be sent to an API", r.name(), q.Line,
				text.Quote(r.plan.Hide(q.File)), why)
		}
	}
	return r.plan.CheckLeaks(r.knownSecrets())
}

// unsendable says why a file may not be sent; empty if it may. A file counts by
// what it is and not by its name: links have other names.
func (r *suiteRun) unsendable(path string) string {
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "" // to open it fails too
	}
	if isEnvFile(path) || isEnvFile(resolved) {
		return "holds settings"
	}
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	isSame := func(other string) bool {
		known, err := os.Stat(other)
		return err == nil && os.SameFile(info, known)
	}
	if slices.ContainsFunc(r.credentialFiles(), isSame) {
		return "holds credentials that m2m uses"
	}
	if holdsKey(path) {
		return "holds a private key"
	}
	return ""
}

func isEnvFile(path string) bool {
	return strings.HasPrefix(strings.ToLower(filepath.Base(path)), settings.EnvFileName)
}

// credentialFiles are the files of the settings, and every .env that is near.
func (r *suiteRun) credentialFiles() []string {
	var files []string
	for _, s := range r.clients {
		files = append(files, s.CredentialFiles()...)
	}
	if r.o.TokenFile != "" {
		files = append(files, settings.Absolute(r.env.Dir, r.o.TokenFile))
	}
	for _, folder := range []string{r.env.Dir, r.folder} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, entry := range entries {
			if isEnvFile(entry.Name()) {
				files = append(files, filepath.Join(folder, entry.Name()))
			}
		}
	}
	return files
}

// Beginnings of files that hold a private key in binary form: PKCS #12 (RFC 7292, 4)
// and the key stores of Java.
var (
	pkcs12Version = []byte{0x02, 0x01, 0x03, 0x30}
	javaKeyStore  = []byte{0xfe, 0xed, 0xfe, 0xed}
)

// holdsKey reports whether a file looks like that of a private key.
func holdsKey(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, _ := io.ReadFull(f, head)
	head = head[:n]
	return bytes.Contains(head, []byte("PRIVATE KEY-----")) || bytes.HasPrefix(head, javaKeyStore) ||
		n > 8 && head[0] == 0x30 && bytes.Contains(head[:8], pkcs12Version)
}

// knownSecrets are the credentials of the environment, of the settings and of their
// files.
func (r *suiteRun) knownSecrets() []suite.KnownSecret {
	var known []suite.KnownSecret
	add := func(name, value string) {
		known = append(known, suite.KnownSecret{Name: name, Value: strings.TrimSpace(value)})
	}
	credentials, _ := variablesOfSettings()
	for _, name := range slices.Sorted(maps.Keys(credentials)) {
		value, _ := r.env.Lookup(name)
		add(name, value)
	}
	for _, s := range r.clients {
		add("the client secret", s.Credential.Secret.Reveal())
		add("the certificate's password", s.Credential.Password.Reveal())
	}
	for _, file := range r.credentialFiles() {
		data, err := r.env.ReadFile(file, maxCredentialFile)
		if err != nil || file == "" || file == "-" || isEnvFile(file) {
			continue
		}
		for line := range strings.Lines(string(data)) { // of a key in PEM form, each is a part of it
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") {
				add(filepath.Base(file), line)
			}
		}
	}
	return known
}

// maxCredentialFile is how much of a file is searched for, in bytes.
const maxCredentialFile = 64 << 10
