package cli

import (
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/call"
	"m2m/internal/settings"
	"m2m/internal/text"
)

// TokenFlags repeats the flags that decide about the token, for a hint with a command
// that gets the same one.
func TokenFlags(cmd *cobra.Command) string {
	return repeatFlags(cmd, append([]string{"local", "env-file", "claims", "region", "agent"}, settings.FlagNames()...))
}

// verifyFlags repeats those that m2m verify takes.
func verifyFlags(cmd *cobra.Command) string {
	return repeatFlags(cmd, []string{"local", "env-file", "tenant", "authority-host", "cloud", "ca-file", "scope"})
}

// CallFlags repeats those of a request too, for m2m call: not its credentials, and
// not the expectations.
func CallFlags(cmd *cobra.Command, o RequestFlags) []string {
	header, _ := o.header() // no error: it was sent
	words := SentFlags(cmd, header)
	for _, name := range []string{"data", "json"} {
		if content := repeatFlags(cmd, []string{name}); len(content) <= MaxRepeatedBody {
			words = append(words, content)
		} else {
			words = append(words, "--"+name+"=@BODY")
		}
	}
	return WithoutEmpty(words)
}

// SentFlags repeats the flags about sending, and the header without credentials.
func SentFlags(cmd *cobra.Command, header http.Header) []string {
	words := []string{TokenFlags(cmd), repeatFlags(cmd, []string{"insecure-http", "location"})}
	for _, line := range call.ShownHeader(header) {
		words = append(words, "-H "+text.ShellQuote(line))
	}
	return words
}

// WithoutEmpty removes empty words.
func WithoutEmpty(words []string) []string {
	return slices.DeleteFunc(words, func(word string) bool { return word == "" })
}

// MaxRepeatedBody is the longest content that a hint repeats, in bytes.
const MaxRepeatedBody = 200

// repeatFlags repeats those of the named flags that were given.
func repeatFlags(cmd *cobra.Command, names []string) string {
	var words []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch value := f.Value.String(); {
		case !slices.Contains(names, f.Name):
		case f.NoOptDefVal == value:
			words = append(words, "--"+f.Name)
		default:
			words = append(words, "--"+f.Name+"="+text.ShellQuote(value))
		}
	})
	return strings.Join(words, " ")
}
