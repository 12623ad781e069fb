package cli

import (
	"errors"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/exit"
	"m2m/internal/text"
)

// prepareFlags declares which of the flags that several commands have exclude each
// other, and has those of a command and of those below it accept plain values.
func prepareFlags(cmd *cobra.Command) {
	for _, group := range [][]string{
		{"authority-host", "cloud"},
		{"client-secret-file", "certificate", "federated-token-file", "federated-token-env", "federated", "managed-identity"},
		{"client-secret-file", "managed-identity-client"},
		{"certificate", "managed-identity-client"},
		{"audience", "any-audience"},
	} {
		isKnown := func(name string) bool { return cmd.Flags().Lookup(name) != nil }
		if group = slices.DeleteFunc(group, func(name string) bool { return !isKnown(name) }); len(group) > 1 {
			cmd.MarkFlagsMutuallyExclusive(group...)
		}
	}
	acceptPlainValues(cmd)
	for _, below := range cmd.Commands() {
		prepareFlags(below)
	}
}

// acceptPlainValues has the flags of a command accept a number alone: as seconds where a
// duration is meant, as a port of this machine where an address is.
func acceptPlainValues(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Value.Type() == "duration":
			f.Value = durationValue{f.Value}
		case f.Name == "addr" || strings.HasSuffix(f.Name, "-addr"):
			f.Value = addressValue{f.Value}
		}
	})
}

// durationValue is a duration, or a number of seconds.
type durationValue struct{ pflag.Value }

// Set implements pflag.Value.
func (v durationValue) Set(s string) error {
	if plainNumber().MatchString(s) {
		s += "s"
	}
	return v.Value.Set(s)
}

// addressValue is HOST:PORT, or PORT or :PORT of 127.0.0.1. All addresses of the
// machine are 0.0.0.0:PORT: nobody opens a port to a network by leaving out a host.
type addressValue struct{ pflag.Value }

// Set implements pflag.Value.
func (v addressValue) Set(s string) error {
	if port := strings.TrimPrefix(s, ":"); plainNumber().MatchString(port) {
		s = net.JoinHostPort("127.0.0.1", port)
	}
	if _, _, err := net.SplitHostPort(s); err != nil && s != "" {
		return errNotAddress
	}
	return v.Value.Set(s)
}

// errNotAddress is the hint about an address.
var errNotAddress = errors.New("write it as HOST:PORT; a number alone is a port of 127.0.0.1")

var plainNumber = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`) })

// flagError is the error of a flag that pflag rejects. args are those of the process;
// all returns the root with every command.
func flagError(cmd *cobra.Command, err error, args []string, all func() *cobra.Command) error {
	var (
		unknown *pflag.NotExistError
		missing *pflag.ValueRequiredError
		invalid *pflag.InvalidValueError
		syntax  *pflag.InvalidSyntaxError
	)
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if letters := unknown.GetSpecifiedShortnames(); len(letters) > 1 && strings.HasPrefix(letters, name) {
			name = letters // a long name behind one dash
			if cmd.Flag(name) != nil {
				return exit.Usagef("unknown flag: -%s", name).Hintf("did you mean --%s?", name).Wrap(err)
			}
		}
		return unknownFlagError(cmd, name, args, all)
	case errors.As(err, &missing):
		return exit.Usagef("%s has no value", flagWord(missing.GetFlag())).Hintf("see %s --help", cmd.CommandPath()).Wrap(err)
	case errors.As(err, &invalid):
		kind, example := valueKind(invalid.GetFlag(), errors.Unwrap(err))
		return exit.Usagef("%s %s is not %s", flagWord(invalid.GetFlag()), text.QuoteGiven(invalid.GetValue()), kind).Hint(example).Wrap(err)
	case errors.As(err, &syntax):
		return exit.Usagef("cannot read the flag %s", text.QuoteGiven(syntax.GetSpecifiedFlag())).
			Hintf("see %s --help", cmd.CommandPath()).Wrap(err)
	}
	return exit.Usagef("%v", err).Hintf("see %s --help", cmd.CommandPath()).Wrap(err)
}

// flagWord is how a message names a flag.
func flagWord(f *pflag.Flag) string { return "--" + f.Name }

// valueKind says what the value of a flag has to be, and how to write it.
func valueKind(f *pflag.Flag, err error) (kind, hint string) {
	switch f.Value.Type() {
	case "duration":
		return "a duration", "write it as 10s, 2m or 1h30m; a number alone is seconds"
	case "bool":
		return "true or false", "write --" + f.Name + " alone to switch it on"
	case "int", "int64", "uint", "uint64":
		return "a whole number", "write it in digits"
	case "float64":
		return "a number", "write it in digits"
	}
	if errors.Is(err, errNotAddress) {
		return "an address", err.Error()
	}
	return "valid", err.Error()
}
