package cli_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/cli/callcmd"
	"m2m/internal/cli/doctorcmd"
	"m2m/internal/cli/helpcmd"
	"m2m/internal/cli/probecmd"
	"m2m/internal/cli/servecmd"
	"m2m/internal/cli/tenantcmd"
	"m2m/internal/cli/testcmd"
	"m2m/internal/cli/tokencmd"
	"m2m/internal/cli/verifycmd"
	"m2m/internal/exit"
)

var commands = cli.Commands{
	List: []cli.Command{
		{Name: "token", New: tokencmd.New}, {Name: "verify", New: verifycmd.New}, {Name: "call", New: callcmd.New},
		{Name: "test", New: testcmd.New}, {Name: "probe", New: probecmd.New}, {Name: "serve", New: servecmd.New},
		{Name: "tenant", New: tenantcmd.New}, {Name: "version", New: helpcmd.NewVersion},
		{Name: "man", New: helpcmd.NewMan, NeedsAll: true}, {Name: "doctor", New: doctorcmd.New},
	},
	Topics: helpcmd.Topics,
	Help:   helpcmd.New,
}

// runLine runs a command line and returns what it wrote to stderr.
func runLine(t *testing.T, args []string) (exit.Code, string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &cli.Env{Args: args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Dir: t.TempDir(), Now: time.Now}
	code := cli.Run(t.Context(), env, commands)
	if stdout.Len() > 0 {
		t.Errorf("%q: stdout is not empty: %q", args, stdout.String())
	}
	return code, stderr.String()
}

// suggested returns the command line of the first hint that has one, in words.
func suggested(stderr string) []string {
	for line := range strings.Lines(stderr) {
		if command, ok := strings.CutPrefix(strings.TrimSpace(line), "m2m: hint: run: m2m "); ok {
			return strings.Fields(command)
		}
	}
	return nil
}

// assertRuns fails unless a command line can be parsed.
func assertRuns(t *testing.T, given, words []string) {
	t.Helper()
	if words == nil {
		t.Errorf("%q: no command line is suggested", given)
		return
	}
	root := cli.Root(&cli.Env{}, commands)
	cli.PrepareFlags(root)
	cmd, rest, err := root.Find(words)
	if err != nil || cmd == root {
		t.Errorf("%q: there is no command as in %q: %v", given, words, err)
		return
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("%q: %q cannot be run: %v", given, words, err)
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		t.Errorf("%q: %q cannot be run: %v", given, words, err)
	}
}

// TestEveryGuess: each row is answered with a command line that can be run.
func TestEveryGuess(t *testing.T) {
	root := cli.Root(&cli.Env{}, commands)
	for _, g := range cli.CommandGuesses() {
		if !cli.Exists(root, g.Run()) {
			continue
		}
		for _, line := range g.Lines() {
			code, stderr := runLine(t, line)
			if code != exit.Usage {
				t.Errorf("%q: exit code %d", line, code)
			}
			assertRuns(t, line, suggested(stderr))
		}
	}
	var all []*cobra.Command
	for _, cmd := range everyCommand(root) {
		if cmd.HasParent() && cmd.Runnable() && !strings.Contains(cmd.CommandPath(), "completion") && cmd.Name() != "help" {
			all = append(all, cmd)
		}
	}
	for _, g := range cli.FlagGuesses() {
		lines, value := g.Lines(all)
		tried := 0
		for _, line := range lines {
			if known(root, line) {
				continue // the command has the flag itself
			}
			tried++
			code, stderr := runLine(t, line)
			if code != exit.Usage {
				t.Errorf("%q: exit code %d", line, code)
			}
			assertRuns(t, line, suggested(stderr))
			if g.IsSecret() && strings.Contains(stderr, value) {
				t.Errorf("%q: the secret is repeated:\n%s", line, stderr)
			}
		}
		if tried == 0 {
			t.Errorf("the row %+v is for no command", g)
		}
	}
}

func known(root *cobra.Command, line []string) bool {
	cmd, rest, _ := root.Find(line)
	name := strings.TrimLeft(rest[0], "-")
	if len(name) == 1 {
		return cmd.Flags().ShorthandLookup(name) != nil
	}
	return cmd.Flag(name) != nil
}

func everyCommand(cmd *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{cmd}
	for _, below := range cmd.Commands() {
		list = append(list, everyCommand(below)...)
	}
	return list
}

// TestWrongGuesses shows what a person reads.
func TestWrongGuesses(t *testing.T) {
	const token = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl"
	for line, want := range map[string][]string{
		"call --suite smoke.yaml --jobs 3 https://api.example.com": {
			"unknown flag: --suite", "hint: run: m2m test smoke.yaml --jobs 3 --api-url https://api.example.com"},
		"call --suite=smoke.yaml":              {"unknown flag: --suite", "hint: run: m2m test smoke.yaml"},
		"call --probe --probe-only jwk /stock": {"unknown flag: --probe", "hint: run: m2m probe --only jwk /stock"},
		"call --jobs 3 /x":                     {"unknown flag: --jobs", "hint: --jobs is a flag of m2m test"},
		"mint --expired --client-id x":         {`unknown command "mint"`, "hint: run: m2m tenant mint --expired --client-id x"},
		"mnit":                                 {`unknown command "mnit"`, "hint: did you mean m2m tenant mint?"},
		"serve mint --key other":               {`unknown command "mint" of m2m serve`, "hint: run: m2m tenant mint --key other"},
		"serve local -- env":                   {`unknown command "local" of m2m serve`, "hint: run: m2m serve --local -- env"},
		"decode " + token:                      {`unknown command "decode"`, "hint: run: m2m verify --decode -"},
		"verify decode " + token:               {`unknown command "decode" of m2m verify`, "hint: run: m2m verify --decode -"},
		"login hunter2":                        {`unknown command "login"`, "hint: run: m2m token"},
		"jwt " + token:                         {`unknown command "jwt"`, "hint: run: m2m verify --decode -"},
		token:                                  {"there is no command before the token", "hint: run: m2m verify -"},
		"https://api.example.com/orders":       {"there is no command before the address", "hint: run: m2m call https://api.example.com/orders"},
		"mock":                                 {`unknown command "mock"`, "hint: run: m2m serve --local"},
		"doctor --no-cache --tenant-id x":      {"unknown flag: --no-cache; m2m doctor never uses the cache", "hint: run: m2m doctor --tenant x"},
		"doctor --client-secret hunter2": {
			"unknown flag: --client-secret; a secret on the command line is visible to other programs and stays in the shell's history",
			"hint: run: m2m doctor --client-secret-file -",
			"hint: if it was a real secret, replace it with a new one: the history has it now"},
		"AADSTS7000215":                    {"unknown command AADSTS7000215", "hint: run: m2m help AADSTS7000215"},
		"call GET https://api.example.com": {`unknown command "GET" of m2m call`, "hint: run: m2m call https://api.example.com"},
		"call POST /x -d {}":               {`unknown command "POST" of m2m call`, "hint: run: m2m call -X POST /x -d '{}'"},
		"token --client-secret hunter2 --tenant-id contoso.com": {
			"unknown flag: --client-secret; a secret on the command line is visible to other programs and stays in the shell's history",
			"hint: run: m2m token --client-secret-file - --tenant contoso.com",
			"hint: if it was a real secret, replace it with a new one: the history has it now"},
		"token --tenant-id x --pasword hunter2": {"unknown flag: --tenant-id", "hint: run: m2m token --tenant x --client-secret-file -"},
		"token --tenant-id x --bogos hunter2":   {"unknown flag: --tenant-id", "hint: run: m2m token --tenant x"},
		"verify --token " + token:               {"unknown flag: --token", "hint: run: m2m verify -"},
		"verify --token @t.txt":                 {"unknown flag: --token", "hint: run: m2m verify @t.txt"},
		"call --method PUT -H X-Api-Key:hunter2 /x": {
			"unknown flag: --method", "hint: run: m2m call -X PUT -H ... /x"},
		"call /x POST":              {`unknown command "POST" of m2m call`, "hint: run: m2m call -X POST /x"},
		"help mint":                 {`no help about "mint"`, "hint: run: m2m help tenant mint"},
		"token --scop api://x":      {"unknown flag: --scop", "hint: did you mean --scope?"},
		"token -scope api://x":      {"unknown flag: -scope", "hint: did you mean --scope?"},
		"token --audience api://x/": {"unknown flag: --audience", "hint: run: m2m token --scope api://x/.default"},
		"token --json":              {"unknown flag: --json", "hint: run: m2m token -o json"},
		"serve --port 9000":         {"unknown flag: --port", "hint: run: m2m serve --addr 9000"},
		"token --timeout 5x":        {`--timeout "5x" is not a duration`, "hint: write it as 10s, 2m or 1h30m; a number alone is seconds"},
		"token --timeout " + token:  {"--timeout [not shown: it may be a secret] is not a duration", "hint: write it as 10s, 2m or 1h30m; a number alone is seconds"},
		"token --timeout":           {"--timeout has no value", "hint: see m2m token --help"},
		"token --local=perhaps":     {`--local "perhaps" is not true or false`, "hint: write --local alone to switch it on"},
		"token --" + token:          {"unknown flag: [not shown: it may be a secret]", "hint: see m2m token --help"},
		"token --client-secrt hunter2": {"unknown flag: --client-secrt", "hint: run: m2m token --client-secret-file -",
			"hint: if it was a real secret, replace it with a new one: the history has it now"},
		"verify -t x":                                  {"unknown flag: -t", "hint: see m2m verify --help"},
		"serve 8080":                                   {`m2m serve takes no argument, but was given "8080"`, "hint: run: m2m serve --addr 8080"},
		"serve --addr 80x80":                           {`--addr "80x80" is not an address`, "hint: write it as HOST:PORT; a number alone is a port of 127.0.0.1"},
		"doctor --jso":                                 {"unknown flag: --jso", "hint: did you mean -o json?"},
		"token --bogus":                                {"unknown flag: --bogus", "hint: see m2m token --help"},
		"call --app-id --graph /x":                     {"unknown flag: --app-id", "hint: run: m2m call --client-id ... /x"},
		"tenant mint --user --graph":                   {"--user and --graph exclude each other", "hint: leave one of them out"},
		"token --cloud china --authority-host x":       {"--authority-host and --cloud exclude each other", "hint: leave one of them out"},
		"token --certificate x --client-secret-file y": {"--client-secret-file and --certificate exclude each other", "hint: leave one of them out"},
		"serve --tls-cert x":                           {"--tls-cert needs --tls-key", "hint: add --tls-key, or leave out --tls-cert"},
		"verify --decode --batch x":                    {"--decode and --batch exclude each other", "hint: leave one of them out"},
		"serve --no-metadata --resource /x":            {"--no-metadata and --resource exclude each other", "hint: leave one of them out"},
		"call --no-token --token-file x /x": {
			"--no-token and --token-file exclude each other", "hint: leave one of them out"},
	} {
		_, stderr := runLine(t, strings.Fields(line))
		var got []string
		for l := range strings.Lines(stderr) {
			got = append(got, strings.TrimPrefix(strings.TrimSuffix(l, "\n"), "m2m: "))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
}

// TestPlainValues: a number alone is understood.
func TestPlainValues(t *testing.T) {
	for _, tt := range []struct{ command, flag, given, want string }{
		{"token", "timeout", "5", "5s"},
		{"token", "timeout", "1.5", "1.5s"},
		{"token", "timeout", "2m", "2m0s"},
		{"call", "max-time", "3", "3s"},
		{"serve", "drain", "0", "0s"},
		{"serve", "addr", "18077", "127.0.0.1:18077"},
		{"serve", "addr", ":18077", "127.0.0.1:18077"},
		{"serve", "addr", "0.0.0.0:18077", "0.0.0.0:18077"},
		{"serve", "tenant-addr", "18443", "127.0.0.1:18443"},
		{"serve", "metrics-addr", "9090", "127.0.0.1:9090"},
	} {
		root := cli.Root(&cli.Env{}, commands)
		cli.PrepareFlags(root)
		at := slices.IndexFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == tt.command })
		flag := root.Commands()[at].Flag(tt.flag)
		if err := flag.Value.Set(tt.given); err != nil || flag.Value.String() != tt.want {
			t.Errorf("--%s %s is %s (error %v), want %s", tt.flag, tt.given, flag.Value, err, tt.want)
		}
	}
}
