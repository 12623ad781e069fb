package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/cli"
	"m2m/internal/settings"
)

// misplacedValues are what people have given where a path, an address, an ID, a
// number or a name belongs, and a part of each that no message may show.
func misplacedValues() map[string]string {
	b64 := base64.RawURLEncoding.EncodeToString
	payload := b64([]byte(`{"aud":"api://x","sub":"MARKERMARKERMARKER"}`))
	return map[string]string{
		"-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEISEKRETKEY/a//b+Rm1\nSEKRETLINE==\n-----END EC PRIVATE KEY-----\n": "SEKRET",
		"-----BEGIN CERTIFICATE-----\r\nMIISEKRETCERT0\r\n-----END CERTIFICATE-----":                                "SEKRET",
		`-----BEGIN PRIVATE KEY-----\nMIISEKRETKEY1\n-----END PRIVATE KEY-----`:                                     "SEKRET",
		b64([]byte(`{"alg":"RS256"}`)) + "." + payload + "." + b64([]byte(strings.Repeat("signature", 20))):         payload,
		"Ab18Q~sekret-of-a_that.is-never.printed1":                                                                  "sekret",
		"first line\nSEKRET-second-line":                                                                            "SEKRET",
	}
}

// asGiven are flags whose value is content of the caller's, which is printed as it is.
var asGiven = []string{
	"data", "json", "header", "expect-body", "expect-header", "expect-jq", "claims", "help", "payload",
}

// TestMisplacedSecretsAreNotShown gives each of these values to every flag, argument
// and variable of every command, and looks for it in all that the command prints.
func TestMisplacedSecretsAreNotShown(t *testing.T) {
	if testing.Short() {
		t.Skip("several thousand command lines")
	}
	m := misplacing{t, t.TempDir()}
	t.Chdir(m.dir) // a value may become the name of a file
	if err := os.WriteFile(filepath.Join(m.dir, "jwt"), []byte("eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"), 0o600); err != nil {
		t.Fatal(err)
	}
	for value, part := range misplacedValues() {
		for _, line := range commandLines() {
			for _, form := range [][]string{nil, {"--debug"}, {"-o", "json"}} {
				if len(form) < 2 || line.cmd.Flags().Lookup("output") != nil {
					m.onCommandLine(line, form, value, part)
				}
			}
			m.inEnvironment(line, value, part)
		}
		m.run("m2m VALUE", value, part, nil, value)
		m.run("m2m --VALUE", value, part, nil, "token", "--"+value)
	}
}

// misplacing runs commands in a folder.
type misplacing struct {
	t   *testing.T
	dir string
}

// onCommandLine gives the value to each flag of a command, and as its argument.
func (m misplacing) onCommandLine(line commandLine, form []string, value, part string) {
	name := "m2m " + strings.Join(line.path, " ")
	line.cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if slices.Contains(asGiven, f.Name) || line.cmd.Name() == "init" && (f.Name == "name" || f.Name == "role") {
			return
		}
		m.run(name+" --"+f.Name, value, part, nil, slices.Concat(line.path, line.usual, form, []string{"--" + f.Name + "=" + value})...)
	})
	m.run(name+" VALUE", value, part, nil, slices.Concat(line.path, form, []string{value})...)
}

// inEnvironment gives the value to each variable of a setting.
func (m misplacing) inEnvironment(line commandLine, value, part string) {
	for _, variable := range settings.Variables() {
		args := slices.Concat(line.path, line.usual, []string{"--debug"})
		m.run(variable+" of m2m "+strings.Join(line.path, " "), value, part, []string{variable + "=" + value}, args...)
	}
}

// run runs a command line and fails if it prints the part of the value.
func (m misplacing) run(what, value, part string, environ []string, args ...string) {
	var printed bytes.Buffer
	env := &cli.Env{
		Args: args, Stdin: strings.NewReader(""), Stdout: &printed, Stderr: &printed, Dir: m.dir, Now: time.Now,
		Environ: slices.Concat([]string{
			"HOME=" + m.dir, "M2M_STATE_DIR=" + filepath.Join(m.dir, "state"), "M2M_CACHE_DIR=" + filepath.Join(m.dir, "cache"),
			"TENANT_ID=72f9c1d4-0b6e-4a57-9c3d-5e8f2a1b7c60", "CLIENT_ID=5d2c8e31-7f40-4b9a-a1e6-3c9d0f8b2a74",
			"CLIENT_SECRET=mine~abcdefghijklmnop", "API_SCOPE=api://5d2c8e31-7f40-4b9a-a1e6-3c9d0f8b2a74/.default",
			"AZURE_AUTHORITY_HOST=https://127.0.0.1:1", "API_URL=http://127.0.0.1:1",
		}, environ),
		Executable: os.Executable,
		Proxy:      http.ProxyURL(nil),
	}
	ctx, cancel := context.WithTimeout(m.t.Context(), 60*time.Millisecond)
	defer cancel()
	cli.Run(ctx, env, commands)
	if strings.Contains(strings.ToLower(printed.String()), strings.ToLower(part)) {
		m.t.Errorf("%s, given %.40q, shows it:\n%s", what, value, printed.String())
	}
}

// commandLine is a command with what it needs to get as far as its flags.
type commandLine struct {
	path, usual []string
	cmd         *cobra.Command
}

// commandLines returns every command that ends by itself.
func commandLines() (lines []commandLine) {
	usual := map[string][]string{
		"token": {"--timeout", "1s"}, "call": {"/x", "--timeout", "1s"}, "verify": {"@jwt"}, "test": {"no-such.yaml"}, "probe": {"/x"},
		"serve": {"--check"}, "init": {"--stdout"}, "doctor": {"/x", "--timeout", "50ms"},
	}
	var walk func(cmd *cobra.Command, path []string)
	walk = func(cmd *cobra.Command, path []string) {
		for _, c := range cmd.Commands() {
			below := slices.Concat(path, []string{c.Name()})
			if c.Runnable() && below[0] != "completion" && c.Name() != "run" {
				c.InheritedFlags() // adds them to Flags
				lines = append(lines, commandLine{below, usual[c.Name()], c})
			}
			walk(c, below)
		}
	}
	walk(cli.Root(&cli.Env{Stdout: io.Discard, Stderr: io.Discard}, commands), nil)
	return lines
}
