package callcmd

import (
	"strings"

	"github.com/spf13/cobra"

	"m2m/internal/call"
	"m2m/internal/cli"
	"m2m/internal/text"
)

// printCurl prints the request as a curl command, and sends nothing.
func printCurl(session *cli.Session, cmd *cobra.Command, request call.Request, o options) error {
	curl := call.Curl{Token: tokenSource(cmd, o)}
	if request.URL.Scheme == "https" {
		curl.CAFile = session.Settings.CAFile.Value
	}
	content, given := o.Content()
	if given && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "") // curl would send that of a form
	}
	switch curl.Body = content; {
	case !given:
	case content == "":
		curl.Body = "@/dev/null"
	case content != "-" && content != "@-":
	case curl.Token == "":
		curl.Body = "@-"
	default:
		curl.Body = "@BODY"
		session.Env.Say("stdin is where curl gets the token: put the content into a file named BODY")
	}
	return cli.WriteLine(session.Env.Out, text.RedactForms(curl.Line(request)))
}

// tokenSource is a shell command that passes the token to curl in a configuration on
// stdin, where no list of processes shows it; empty for no token.
func tokenSource(cmd *cobra.Command, o options) string {
	const config = `printf 'header = "Authorization: Bearer %s"\n' `
	switch {
	case o.NoToken:
		return ""
	case o.TokenFile == "-":
		return config + `"$(cat)"`
	case o.TokenFile != "":
		return config + `"$(cat ` + text.ShellQuote(o.TokenFile) + `)"`
	}
	return strings.TrimSpace("m2m token -o curl " + cli.TokenFlags(cmd))
}
