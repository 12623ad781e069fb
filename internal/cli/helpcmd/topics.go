package helpcmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"m2m/internal/settings"
	"m2m/internal/text"
)

// ExitCodes is the page about exit codes. README has it too.
const ExitCodes = `Every command exits with one of these:

    0  done; the token is valid; the response is as expected
    1  unexpected
    2  usage, settings, a file that cannot be read
    3  the token is invalid, or the input is not a token
    4  the identity provider rejected the request (AADSTS...)
    5  could not tell: network, TLS, time-out, the identity provider answered 429 or 5xx or
       not in JSON, keys out of reach, a check that is not configured
    6  the HTTP status or another expectation of call is not met; a probe found a hole
    7  unverifiable: only its audience can validate the token (Microsoft Graph)
  130  interrupted

With 1, 2 and 4 stdout is empty. With 3 it holds the report. With 5 it is empty except for
the reports of verify, of a suite and of a probe, and the part of a body that broke off.
With 6 it holds the body or the report.
Where several apply, 7 wins over 3 over 5, and for a suite and a probe 6 over 5.
serve --local -- COMMAND exits with the code of COMMAND.`

// Topics are help pages that belong to no command.
func Topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "environment", Short: "Every setting: its variable, its flag, where it may come from", Long: environmentHelp()},
		{Use: "exit-codes", Short: "What each exit code means", Long: ExitCodes},
	}
}

const environmentIntro = `Settings come from flags, then --local, then the file that --env-file names, then the
environment, then .env in the working directory (only without --env-file), then a default.
Where a setting has two names, the first wins inside one place. An empty variable is not set.

`

const environmentTrust = `
Flags, the file that --env-file names and the environment are yours and complete each other.
A .env that was found, not named, may be from another person. Tenant and client come from where
the credential is. The login host, API_URL and M2M_CA_FILE of such a .env are not used with a
credential or token of yours, API_URL and M2M_CA_FILE not with a body or a header that is a
credential. It names no file outside its folder and no login host but Microsoft's. Next to
settings of yours it does not widen whom verify and serve let in. If it is yours, name it:
--env-file .env

Also read: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; SSL_CERT_FILE and SSL_CERT_DIR;
NO_COLOR, FORCE_COLOR and TERM; ACTIONS_ID_TOKEN_REQUEST_URL and
ACTIONS_ID_TOKEN_REQUEST_TOKEN with --federated github; GOMEMLIMIT and GOGC with serve.
M2M_LOCAL_TENANT marks the environment of a command under serve --local: there .env is not
read, and M2M_CONTROL_URL and M2M_CONTROL_KEY lead to the tenant's control endpoint.`

// environmentHelp lists every setting of settings.Rows.
func environmentHelp() string {
	var b strings.Builder
	b.WriteString(environmentIntro)
	for _, row := range settings.Rows {
		fmt.Fprintf(&b, "  %s\n", strings.Join(settingNames(row), "  "))
		b.WriteString(text.Hang("", row.Help, 6, 0) + "\n")
	}
	b.WriteString(environmentTrust)
	return b.String()
}

// settingNames lists the variables of a setting, then its flags.
func settingNames(row settings.Row) []string {
	names := append([]string{}, row.Variables...)
	for _, flag := range row.Flags {
		names = append(names, "--"+flag.Name)
	}
	return names
}
