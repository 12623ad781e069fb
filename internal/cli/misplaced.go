package cli

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/exit"
	"m2m/internal/input"
	"m2m/internal/settings"
	"m2m/internal/text"
)

// contentFlags take content that messages repeat in commands to run: it may have
// line breaks, and is not a secret in the place of a path, an address or a number.
const contentFlags = " -d --data --json -H --header --expect-body --expect-header --expect-jq --claims --payload "

// shortestMisplaced is the length from which a part of a value is hidden, in bytes.
const shortestMisplaced = 8

// misplaced collects the values of the command line and of variables of settings that
// look like a key, a token or a password, so that no message repeats them, whatever
// it is about. Each message has a form of its own for such a value where it can; this
// is what catches the rest: text of the operating system and of libraries.
func misplaced(env *Env) *text.Hidden {
	var hidden text.Hidden
	for i, arg := range env.Args {
		if arg == "--" {
			break // what follows is the command line of another program
		}
		name, value, isFlag := strings.Cut(arg, "=")
		switch {
		case strings.HasPrefix(arg, "-") && isFlag:
			if !strings.Contains(contentFlags, " "+name+" ") {
				hideMisplaced(&hidden, value, env.Dir)
			}
		case i > 0 && strings.Contains(contentFlags, " "+env.Args[i-1]+" "):
		default:
			hideMisplaced(&hidden, strings.TrimPrefix(arg, "@"), env.Dir)
		}
	}
	for _, row := range settings.Rows {
		for _, name := range row.Variables {
			value, _ := env.Lookup(name)
			if row.Secret && len(value) >= shortestMisplaced {
				hidden.AddLiteral(value, text.NotShown)
			} else {
				hideMisplaced(&hidden, value, env.Dir)
			}
		}
	}
	return &hidden
}

// hideMisplaced adds a value in the spellings of messages, if it has the form of a
// secret: quoted, in small letters as a host name, and as a path below dir. Of a value
// of several lines each is hidden too, and what is before an =, because messages print
// them apart.
func hideMisplaced(hidden *text.Hidden, value, dir string) {
	if !text.HasSecretForm(value) {
		return
	}
	lines := strings.FieldsFunc(value, func(r rune) bool { return unicode.IsControl(r) || r == '=' })
	for _, part := range append([]string{value, filepath.Clean(value), settings.Absolute(dir, value)}, lines...) {
		if len(strings.TrimSpace(part)) < shortestMisplaced {
			continue
		}
		quoted := strconv.Quote(part)
		for _, spelling := range []string{part, strings.TrimSpace(part), quoted[1 : len(quoted)-1], strings.ToLower(part)} {
			hidden.AddLiteral(spelling, text.NotShown)
		}
	}
}

// checkPathFlags rejects a key, a token or other content in a flag that takes the path
// of a file: it would be repeated, or become the name of a new file.
func checkPathFlags(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		kind, _ := pflag.UnquoteUsage(f)
		var not *input.NotError
		if err == nil && (kind == "PATH" || kind == "FILE") && errors.As(input.CheckPath(f.Value.String()), &not) {
			err = exit.Usagef("--%s is %s", f.Name, not.Is).Wrap(not)
		}
	})
	return err
}
