package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"m2m/internal/cli"
	"m2m/internal/cli/verifycmd/minttest"
	"m2m/internal/text"
)

// onTerminal runs m2m on a terminal of that many columns and returns what it shows,
// without colours.
func onTerminal(t *testing.T, columns uint16, env []string, args ...string) string {
	t.Helper()
	s := prepareSignalled(t, "")
	s.Args = append([]string{"m2m"}, args...)
	s.Env = append(append(s.Env, "TERM=xterm"), env...)
	s.openTerminal(t)
	if err := unix.IoctlSetWinsize(int(s.terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: 24}); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return sgr.ReplaceAllString(s.screen(t), "")
}

var (
	sgr = regexp.MustCompile(`\x1b\[[0-9;]*[mK]`)
	// pasted is a line that a person would copy as it is: one word, a command, a
	// value in quotes.
	pasted = regexp.MustCompile(`^(m2m:)?\s*([("']?\S+|["']?(m2m|az|curl|export|set|docker|kubectl) .*|'.*'[.,;)]?|".*"[.,;)]?)$`)
)

// wideLines returns the lines of a screen that are wider than it, and not because a
// line break would spoil what stands there.
func wideLines(screen string, columns int) (wide []string) {
	for line := range strings.SplitSeq(screen, "\n") {
		for part := range strings.SplitSeq(line, "\r") { // a line that is written over
			if text.Columns(part) > columns && !pasted.MatchString(part) {
				wide = append(wide, fmt.Sprintf("%d: %q", text.Columns(part), part))
			}
		}
	}
	return wide
}

// helpPages are the command lines of every help page.
func helpPages() (pages [][]string) {
	env := cli.Process()
	root := cli.Root(env, commands)
	var walk func(cmd *cobra.Command, path []string)
	walk = func(cmd *cobra.Command, path []string) {
		pages = append(pages, append([]string{"help"}, path...))
		for _, c := range cmd.Commands() {
			walk(c, append(path[:len(path):len(path)], c.Name()))
		}
	}
	walk(root, nil)
	return append(pages, []string{"help", "AADSTS7000215"}, []string{"help", "AADSTS53003"}, []string{"help", "AADSTS700024"},
		[]string{"probe", "--list"})
}

// strangeSuite has names in other alphabets and of any length.
const strangeSuite = `
defaults: {as: none}
requests:
- {name: 注文一覧を取得する（権限なしの場合は拒否されること）とても長い名前のテストケースです, url: /}
- {name: "emoji 👩‍👩‍👧 👍🏽 🇩🇪 and combining é", url: /401}
- {name: "a very long name in English that says what this request is about and then some more words", url: /403}
- {name: unreachable, url: "http://127.0.0.1:1/a/path"}
`

// strangeAPI rejects in words of every kind.
func strangeAPI(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/401":
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="The audience '日本語のとても長い名前' is invalid, `+
			`and the words of the API go on for longer than a line of any terminal has columns"`)
		w.WriteHeader(http.StatusUnauthorized)
	case "/403":
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation. 権限がありません。管理者に連絡してください。👩‍👩‍👧"}}`)
	default:
		fmt.Fprint(w, `{"message":"ok"}`)
	}
}

// TestLayout: every page of help, and reports, tables and errors of each kind, fit a
// terminal of 60, 80 and 120 columns.
func TestLayout(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of processes")
	}
	server := httptest.NewServer(http.HandlerFunc(strangeAPI))
	t.Cleanup(server.Close)
	folder := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	token, err := minttest.Token(nil, minttest.Object{
		"名前": "値は日本語でとても長いので、端末の幅を超えます。折り返しが必要です。さらに続きます。", "a claim with a name that is longer than its column": "x",
		"emoji 👩‍👩‍👧": strings.Repeat("👍🏽 ", 60), "words": strings.Repeat("words of a claim ", 20),
	})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := minttest.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	good, jwks := file("token.jwt", token), file("keys.json", string(keys))
	suite := file("スモーク.yaml", strangeSuite)
	env := []string{"API_URL=" + server.URL}
	cases := helpPages()
	verify := []string{"verify", "--jwks", jwks, "--at", "2026-06-01T12:00:00Z", "--tenant", minttest.Tenant, "@" + good}
	for _, more := range [][]string{
		{"--audience", minttest.API}, {"--audience", "api://other"}, {"-v", "--audience", "api://other", "--require-role", "Data.Write"},
		{"--explain"}, {"--audience", "api://other", "--client", "77777777-aaaa-4bbb-8ccc-000000000007"},
	} {
		cases = append(cases, append(verify[:len(verify):len(verify)], more...))
	}
	cases = append(cases,
		[]string{"verify", "@" + good}, []string{"verify", "not a token 日本語"}, []string{"verify", "--decode", "@" + good},
		[]string{"test", suite, "--allow-origin", "http://127.0.0.1:1"},
		[]string{"call", "--no-token", "/401"}, []string{"call", "-v", "--token-file", good, "/403"}, []string{"call", "--no-token", "/"},
		[]string{"call", "--token-file", good, "--expect-jq", ".message | test(\"a pattern\") and .count > 0", "/"},
		[]string{"call", "--no-token", "http://127.0.0.1:1/nothing"}, []string{"call", "--nonsense"}, []string{"call", "/path"},
		[]string{"probe", "--yes", "--token-file", good, "/401"},
		[]string{"token"}, []string{"token", "--tenant", "日本語のテナント名がここに書かれています"}, []string{"tokn"}, []string{"serve"},
		[]string{"token", "--scope", "api://orders", "--tenant", minttest.Tenant, "--client-id", minttest.Tenant},
	)
	for _, columns := range []uint16{60, 80, 120} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			for _, args := range cases {
				screen := onTerminal(t, columns, env, args...)
				if wide := wideLines(screen, int(columns)); len(wide) > 0 {
					t.Errorf("m2m %s:\n%s", strings.Join(args, " "), strings.Join(wide, "\n"))
				}
				if strings.TrimSpace(screen) == "" {
					t.Errorf("m2m %s shows nothing", strings.Join(args, " "))
				}
			}
		})
	}
}
