package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/call"
)

// printCurl prints the request as a command line of curl's, and sends nothing.
func (a *app) printCurl(cmd *cobra.Command, request call.Request, s *settings, o callOptions) error {
	curl := call.Curl{Token: tokenSource(cmd, o)}
	if request.URL.Scheme == "https" {
		curl.CAFile = s.caFile.value
	}
	text, given := o.content()
	if given && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "") // curl would call it a form
	}
	switch curl.Body = text; {
	case !given:
	case text == "":
		curl.Body = "@/dev/null"
	case text != "-" && text != "@-":
	case curl.Token == "":
		curl.Body = "@-"
	default:
		curl.Body = "@BODY"
		a.say("stdin is where curl gets the token: put the content into a file named BODY")
	}
	return writeLine(a.out, redact(curl.Line(request)))
}

// tokenSource is the command that gives curl the token, off its command line.
func tokenSource(cmd *cobra.Command, o callOptions) string {
	const config = `printf 'header = "Authorization: Bearer %s"\n' `
	switch {
	case o.noToken:
		return ""
	case o.tokenFile == "-":
		return config + `"$(cat)"`
	case o.tokenFile != "":
		return config + `"$(cat ` + call.ShellQuote(o.tokenFile) + `)"`
	}
	return strings.TrimSpace("m2m token -o curl " + tokenFlags(cmd))
}

// tokenFlags repeats what the caller asked of the token by flag, for a command
// that is to get the same one.
func tokenFlags(cmd *cobra.Command) string {
	names := []string{"local", "env-file", "claims", "region"}
	for _, row := range settingRows() {
		names = append(names, row.flags...)
	}
	return repeatFlags(cmd, names)
}

// verifyFlags is the same for m2m verify, which has no use for a credential.
func verifyFlags(cmd *cobra.Command) string {
	return repeatFlags(cmd, []string{"local", "env-file", "tenant", "authority-host", "cloud", "ca-file", "scope"})
}

// callFlags is the same for m2m call: the request itself too, without its
// credentials, but not what is expected of the answer.
func callFlags(cmd *cobra.Command, o callOptions) string {
	words := []string{tokenFlags(cmd), repeatFlags(cmd, []string{"insecure-http"})}
	header, _ := o.header() // it was sent, so that it can be read
	for _, line := range call.ShownHeader(header) {
		words = append(words, "-H "+call.ShellQuote(line))
	}
	for _, name := range []string{"data", "json"} {
		if content := repeatFlags(cmd, []string{name}); len(content) <= maxRepeatedBody {
			words = append(words, content)
		} else {
			words = append(words, "--"+name+"=@BODY")
		}
	}
	return strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == "" }), " ")
}

// maxRepeatedBody is the longest content that a command shows whole, in bytes.
const maxRepeatedBody = 200

func repeatFlags(cmd *cobra.Command, names []string) string {
	var words []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch value := f.Value.String(); {
		case !slices.Contains(names, f.Name):
		case f.NoOptDefVal == value:
			words = append(words, "--"+f.Name)
		default:
			words = append(words, "--"+f.Name+"="+call.ShellQuote(value))
		}
	})
	return strings.Join(words, " ")
}
