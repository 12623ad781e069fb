package main

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The flags of settings come in groups; a command takes the groups it needs.
// Their values are read by given, never through variables, because a flag that
// the caller did not give must not count as a value.

func addLocalFlag(flags *pflag.FlagSet) {
	flags.Bool("local", false, "use the tenant and API of the running \"m2m serve --local\"")
}

func addCredentialFlags(flags *pflag.FlagSet) {
	flags.String("client-id", "", "the calling app's Application (client) `ID`")
	flags.String("client-secret-file", "", "read the client secret from `PATH`; - is stdin")
	flags.String("certificate", "", "sign in with the certificate and key in `PATH`, PEM or PFX")
	flags.String("certificate-password-file", "", "read the certificate's password from `PATH`; - is stdin")
	flags.Bool("send-chain", false, "send the certificate's chain too")
	flags.String("federated-token-file", "", "sign in with the token of another issuer in `PATH`")
	flags.String("federated", "", "sign in with a token that `github` Actions gives this job")
	flags.Bool("managed-identity", false, "sign in as the Azure machine's own identity")
	flags.String("managed-identity-client", "", "sign in as the user-assigned identity with this client `ID`")
}

func addScopeFlag(flags *pflag.FlagSet) {
	flags.String("scope", "", "what the token is for: the API's `URI` or GUID, then /.default")
}

func addAuthorityFlags(flags *pflag.FlagSet) {
	flags.String("tenant", "", "the tenant's Directory (tenant) `ID`, or a domain name of it")
	flags.String("authority-host", "", "the login host `URL`, if it is not https://login.microsoftonline.com")
	flags.String("cloud", "", "the Microsoft cloud by `NAME`: public, usgov, china, france, germany or singapore")
	flags.String("ca-file", "", "trust the certificates in `PATH` (PEM) beside the system's")
}

func addPolicyFlags(flags *pflag.FlagSet) {
	flags.StringArray("audience", nil, "an `AUDIENCE` that the API accepts (repeatable)")
	flags.StringArray("require-role", nil, "a `ROLE` of which an app-only token needs one (repeatable)")
	flags.StringArray("require-scope", nil, "a `SCOPE` of which a user's token needs one (repeatable)")
}

// checkFilled refuses flags with nothing in them, but for those that may be empty
// on purpose. A flag that was typed means something: an unset variable must not
// stand for what holds without the flag.
func checkFilled(flags *pflag.FlagSet, mayBeEmpty ...string) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if err == nil && isEmptyFlag(f) && !slices.Contains(mayBeEmpty, f.Name) {
			err = emptyFlag(f.Name)
		}
	})
	return err
}

func isEmptyFlag(f *pflag.Flag) bool {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return len(list.GetSlice()) == 0 || slices.Contains(list.GetSlice(), "")
	}
	return f.Value.Type() == "string" && f.Value.String() == ""
}

func emptyFlag(name string) error {
	return &usageError{
		reason: "--" + name + " has an empty value",
		hints:  []string{"give it a value, or leave it out; if the value is a variable, it is not set"},
		err:    errFlagEmpty,
	}
}

// givenFlags returns the flags that the caller gave and that set a setting.
func givenFlags(cmd *cobra.Command) map[string][]string {
	var settings []string
	for _, row := range settingRows() {
		settings = append(settings, row.flags...)
	}
	given := map[string][]string{}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(settings, f.Name) {
			return
		}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			given[f.Name] = list.GetSlice()
		} else {
			given[f.Name] = []string{f.Value.String()}
		}
	})
	return given
}
