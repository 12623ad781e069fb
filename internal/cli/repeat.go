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

// TokenFlags repeats what the caller asked of the token by flag, for a command
// that is to get the same one.
func TokenFlags(cmd *cobra.Command) string {
	return repeatFlags(cmd, append([]string{"local", "env-file", "claims", "region"}, settings.FlagNames()...))
}

// verifyFlags is the same for m2m verify, which has no use for a credential.
func verifyFlags(cmd *cobra.Command) string {
	return repeatFlags(cmd, []string{"local", "env-file", "tenant", "authority-host", "cloud", "ca-file", "scope"})
}

// CallFlags is the same for m2m call: the request itself too, without its
// credentials, but not what is expected of the answer.
func CallFlags(cmd *cobra.Command, o RequestFlags) []string {
	header, _ := o.header() // it was sent, so that it can be read
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

// SentFlags are those that say how to send, and what header.
func SentFlags(cmd *cobra.Command, header http.Header) []string {
	words := []string{TokenFlags(cmd), repeatFlags(cmd, []string{"insecure-http", "location"})}
	for _, line := range call.ShownHeader(header) {
		words = append(words, "-H "+text.ShellQuote(line))
	}
	return words
}

func WithoutEmpty(words []string) []string {
	return slices.DeleteFunc(words, func(word string) bool { return word == "" })
}

// MaxRepeatedBody is the longest content that a command shows whole, in bytes.
const MaxRepeatedBody = 200

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
