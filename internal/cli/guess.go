package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// commandGuess is a word that people write where m2m has another command.
type commandGuess struct {
	under string // the command it is written after; "" for m2m itself
	words string // the alternatives, by blanks
	run   string // what to run, without "m2m"
	// alone: what follows the word does not belong to that command.
	alone bool
	// withMore: only where something follows the word, which may also be an argument.
	withMore bool
}

// commandGuesses are the guesses at commands.
func commandGuesses() []commandGuess {
	return []commandGuess{
		{words: "mint forge-token", run: "tenant mint"},
		{words: "fault faults inject", run: "tenant fault"},
		{words: "tenant-file", run: "tenant init", alone: true},
		{words: "status ps ls list", run: "tenant status", alone: true},
		{words: "decode jwt", run: "verify --decode"},
		{words: "inspect introspect validate check judge parse", run: "verify"},
		{words: "login signin sign-in auth authenticate", run: "token", alone: true},
		{words: "get-token acquire", run: "token"},
		{words: "logout signout clear-cache", run: "token --clear-cache", alone: true},
		{words: "curl request fetch http GET get", run: "call"},
		{words: "POST post", run: "call -X POST"},
		{words: "PUT put", run: "call -X PUT"},
		{words: "PATCH patch", run: "call -X PATCH"},
		{words: "DELETE delete", run: "call -X DELETE"},
		{words: "suite run smoke tests", run: "test"},
		{words: "scan attack audit forge", run: "probe"},
		{words: "server start run-server api up", run: "serve"},
		{words: "proxy gateway upstream", run: "serve --upstream", withMore: true},
		{words: "local mock emulator demo offline", run: "serve --local"},
		{words: "intercept", run: "serve --local --intercept"},
		{words: "setup configure config register", run: "init", alone: true},
		{words: "diagnose troubleshoot health whoami", run: "doctor"},
		{words: "manual manpage", run: "man", alone: true},
		{words: "env settings", run: "help environment", alone: true},
		{words: "codes", run: "help exit-codes", alone: true},
		{words: "aadsts explain error why", run: "help"},
		{words: "ver", run: "version", alone: true},
		{under: "serve", words: "local", run: "serve --local"},
		{under: "serve", words: "mint", run: "tenant mint"},
		{under: "serve", words: "fault faults", run: "tenant fault"},
		{under: "serve", words: "tenant-file", run: "tenant init"},
		{under: "serve", words: "tenant", run: "tenant"},
		{under: "serve", words: "run start", run: "serve"},
		{under: "serve", words: "check", run: "serve --check"},
		{under: "tenant", words: "start up serve", run: "tenant run"},
		{under: "tenant", words: "token issue", run: "tenant mint"},
		{under: "tenant", words: "list ls show info ps", run: "tenant status"},
		{under: "tenant", words: "validate verify lint", run: "tenant check", withMore: true},
		{under: "tenant", words: "faults", run: "tenant fault --list"},
		{under: "tenant", words: "file new template", run: "tenant init", alone: true},
		{under: "token", words: "get fetch print show acquire new", run: "token"},
		{under: "token", words: "refresh renew", run: "token --refresh"},
		{under: "token", words: "clear clear-cache logout", run: "token --clear-cache", alone: true},
		{under: "token", words: "decode inspect", run: "verify --decode"},
		{under: "token", words: "verify validate check", run: "verify"},
		{under: "token", words: "mint", run: "tenant mint"},
		{under: "verify", words: "decode", run: "verify --decode", withMore: true},
		{under: "verify", words: "token", run: "verify", withMore: true},
		{under: "call", words: "GET get", run: "call"},
		{under: "call", words: "POST post", run: "call -X POST"},
		{under: "call", words: "PUT put", run: "call -X PUT"},
		{under: "call", words: "PATCH patch", run: "call -X PATCH"},
		{under: "call", words: "DELETE delete", run: "call -X DELETE"},
		{under: "call", words: "HEAD head", run: "call -X HEAD"},
		{under: "call", words: "suite", run: "test", withMore: true},
		{under: "call", words: "probe", run: "probe", withMore: true},
		{under: "test", words: "run file suite", run: "test", withMore: true},
		{under: "test", words: "new template starter", run: "test init", alone: true},
		{under: "probe", words: "list", run: "probe --list"},
		{under: "probe", words: "run start", run: "probe", withMore: true},
	}
}

// flagGuess is a flag that people write where m2m has another one.
type flagGuess struct {
	on    string // the commands, by commas; "" for all that have what use names
	names string // the alternatives, without dashes, by blanks
	// use is what to write instead, with VALUE for the value of the flag; "" leaves
	// it out.
	use string
	// hasValue: the flag has a value that use does not show.
	hasValue bool
	// isSecret: the value is one, so it is never repeated. In use "-" is the file
	// that it may be in.
	isSecret bool
	command  string // the command to run instead
	why      string // instead of "unknown flag"
	advice   string // a hint of its own
}

const (
	acquiring  = "token, call, test, probe, doctor"
	validating = "verify, serve"
	requesting = "call, probe"
	onArgument = "a secret on the command line is visible to other programs and stays in the shell's history"
)

// flagGuesses are the guesses at flags; the first that fits counts.
func flagGuesses() []flagGuess {
	return []flagGuess{
		// Secrets.
		{on: acquiring, names: "client-secret clientsecret client_secret secret password passwd pwd app-secret app-password secret-value",
			use: "--client-secret-file -", hasValue: true, isSecret: true, why: onArgument},
		{on: validating, names: "client-secret clientsecret client_secret secret password",
			hasValue: true, isSecret: true, why: "validating tokens needs no secret, and " + onArgument},
		{names: "certificate-password cert-password pfx-password passphrase",
			use: "--certificate-password-file -", hasValue: true, isSecret: true, why: onArgument},
		{names: "client-assertion assertion federated-token id-token-value oidc-token",
			use: "--federated-token-file -", hasValue: true, isSecret: true, why: onArgument},
		{on: "verify", names: "token access-token access_token jwt bearer", use: "-", hasValue: true, isSecret: true},
		{on: "call, test, probe", names: "token access-token access_token jwt bearer bearer-token oauth2-bearer",
			use: "--token-file -", hasValue: true, isSecret: true, why: onArgument},
		{on: acquiring, names: "secret-file client-secret-path secret-path password-file", use: "--client-secret-file VALUE"},
		{on: acquiring, names: "secret-stdin client-secret-stdin password-stdin", use: "--client-secret-file -"},

		// What call and serve did before these were commands.
		{on: "call", names: "suite", use: "VALUE", command: "test"},
		{on: "call", names: "suite-schema", command: "test schema"},
		{on: "call", names: "probe", command: "probe"},
		{on: "call", names: "probe-list", use: "--list", command: "probe"},
		{on: "call", names: "probe-only", use: "--only VALUE", command: "probe"},
		{on: "call", names: "probe-rate", use: "--rate VALUE", command: "probe"},
		{on: "call", names: "probe-remote", use: "--remote", command: "probe"},
		{on: "call", names: "probe-confirm", use: "--confirm VALUE", command: "probe"},
		{on: "probe", names: "probe-list", use: "--list"},
		{on: "probe", names: "probe-only case cases filter", use: "--only VALUE"},
		{on: "probe", names: "probe-rate rps rate-limit", use: "--rate VALUE"},
		{on: "probe", names: "probe-remote allow-remote", use: "--remote"},
		{on: "probe", names: "probe-confirm", use: "--confirm VALUE"},
		{on: "test", names: "suite file f", use: "VALUE"},
		{on: "test", names: "suite-schema schema", command: "test schema"},
		{on: "tenant init", names: "check", use: "VALUE", command: "tenant check"},
		{on: "tenant init", names: "schema", command: "tenant schema"},
		{on: "serve", names: "explain-refusals explain", use: "--explain-rejections"},
		{names: "no-color nocolor no-colour", use: "--color never"},
		{names: "colour", use: "--color VALUE"},

		// Output.
		{names: "json", use: "-o json"},
		{on: "token", names: "raw", use: "-o raw"},
		{names: "format output-format out fmt", use: "-o VALUE"},
		{on: "token, call", names: "outfile out-file save output-path", use: "--output-file VALUE"},
		{on: "token, doctor", names: "s", use: "--scope VALUE"},
		{names: "quiet silent q s"},
		{names: "verbose v trace log-level", use: "--debug"},
		{on: "test, probe", names: "junit-file junit-xml xml report", use: "--junit VALUE"},

		// Requests.
		{on: "call, probe, doctor", names: "url uri endpoint address", use: "VALUE"},
		{on: "test", names: "url uri base-url endpoint host server", use: "--api-url VALUE"},
		{on: requesting, names: "method verb", use: "-X VALUE"},
		{on: requesting, names: "body payload data-raw data-binary data-ascii content", use: "-d VALUE"},
		{on: requesting, names: "body-file data-file", use: "-d @VALUE"},
		{on: requesting, names: "json-file", use: "--json @VALUE"},
		{on: requesting, names: "headers", use: "-H VALUE"},
		{on: requesting, names: "user-agent A", use: "-H User-Agent:VALUE"},
		{on: requesting, names: "accept", use: "-H Accept:VALUE"},
		{on: "call", names: "status expect-status expected-status", use: "--expect VALUE"},
		{on: "call", names: "follow follow-redirects redirect", use: "-L"},
		{on: "call", names: "retries max-retries", use: "--retry VALUE"},
		{on: "call", names: "fail f"},
		{on: "call", names: "curl dry-run print", use: "--print-curl"},
		{on: "call", names: "anonymous no-auth notoken", use: "--no-token"},
		{names: "connect-timeout timeout-seconds wait", use: "--timeout VALUE"},
		{names: "insecure k skip-tls-verify insecure-skip-verify no-verify no-check-certificate",
			why: "m2m always checks TLS certificates", advice: "to trust an authority of your own: --ca-file PATH, its certificate in PEM"},
		{names: "cacert ca ca-cert cafile ca-bundle ca-certificate", use: "--ca-file VALUE"},
		{on: "test", names: "parallel concurrency workers threads j", use: "--jobs VALUE"},
		{on: "test", names: "bail stop-on-failure failfast", use: "--fail-fast"},
		{on: "test", names: "tags", use: "--tag VALUE"},

		// Settings.
		{names: "tenant-id tenantid tenant_id directory directory-id tid", use: "--tenant VALUE"},
		{on: acquiring, names: "app-id appid app clientid client_id client application-id", use: "--client-id VALUE"},
		{on: validating, names: "app-id appid clientid client_id application-id", use: "--client-id VALUE"},
		{on: acquiring, names: "scopes api-scope permissions", use: "--scope VALUE"},
		{on: acquiring, names: "resource audience aud api app-id-uri", use: "--scope VALUE/.default"},
		{on: validating, names: "aud expected-audience", use: "--audience VALUE"},
		{on: validating, names: "role roles required-role require-roles required-roles", use: "--require-role VALUE"},
		{on: validating, names: "required-scope require-scopes required-scopes scp", use: "--require-scope VALUE"},
		{on: "verify", names: "iss", use: "--issuer VALUE"},
		{on: "verify", names: "keys jwks-uri jwks-url jwks-file public-key", use: "--jwks VALUE"},
		{on: "verify", names: "no-verify skip-verify", use: "--decode"},
		{on: "verify", names: "file f input token-file", use: "@VALUE"},
		{on: "verify", names: "stdin", use: "-"},
		{names: "authority authority-url login-host instance", use: "--authority-host VALUE"},
		{names: "environment azure-cloud", use: "--cloud VALUE"},
		{on: acquiring, names: "cert client-certificate certificate-file certificate-path cert-file pfx pem", use: "--certificate VALUE"},
		{on: acquiring, names: "msi mi identity system-assigned use-managed-identity", use: "--managed-identity"},
		{on: acquiring, names: "identity-client msi-client-id mi-client-id user-assigned", use: "--managed-identity-client VALUE"},
		{on: acquiring, names: "github github-oidc oidc", use: "--federated github"},
		{names: "dotenv env config env_file", use: "--env-file VALUE"},
		{on: "token, verify, call, test, probe, serve", names: "offline demo dev emulator", use: "--local"},
		{on: "doctor", names: "refresh no-cache force fresh", why: "m2m doctor never uses the cache"},
		{on: acquiring, names: "force force-refresh renew fresh", use: "--refresh"},
		{on: acquiring, names: "nocache no-token-cache disable-cache", use: "--no-cache"},
		{on: "token", names: "ttl min-lifetime min-life", use: "--min-ttl VALUE"},
		{on: "token", names: "clear logout", use: "--clear-cache"},

		// serve and tenant.
		{on: "serve", names: "port p bind listen listen-addr address host", use: "--addr VALUE"},
		{on: "serve", names: "tenant-port", use: "--tenant-addr VALUE"},
		{on: "serve", names: "metrics-port", use: "--metrics-addr VALUE"},
		{on: "serve", names: "backend proxy proxy-to target upstream-url forward forward-to", use: "--upstream VALUE"},
		{on: "serve", names: "cert tls-certificate ssl-cert tls https ssl", use: "--tls-cert VALUE"},
		{on: "serve", names: "key tls-private-key ssl-key", use: "--tls-key VALUE"},
		{on: "serve", names: "dry-run validate", use: "--check"},
		{on: "tenant mint", names: "expire lapsed", use: "--expired"},
		{on: "tenant mint", names: "not-before nbf future", use: "--not-yet"},
		{on: "tenant mint", names: "client-id app", use: "--client VALUE"},
		{on: "tenant mint", names: "algorithm", use: "--alg VALUE"},
		{on: "tenant mint", names: "kid", use: "--header kid=VALUE"},
		{on: "tenant mint", names: "iss issuer", use: "--claim iss=VALUE"},
		{on: "tenant mint", names: "sub subject", use: "--claim sub=VALUE"},
		{on: "tenant mint", names: "scp scope", use: "--user --claim scp=VALUE"},
		{on: "tenant mint", names: "remove omit", use: "--without VALUE"},
		{on: "tenant mint", names: "payload", use: "--payload-file VALUE"},
		{on: "tenant fault", names: "reset stop off none", use: "--clear"},
		{on: "tenant fault", names: "show ls", use: "--list"},
		{names: "version V", command: "version"},
	}
}

// misspelt rejects a word that is not a command before cobra reads the flags behind it:
// cobra takes it for an argument, or prints the help of the root. all returns the root
// with every command below it.
func misspelt(root *cobra.Command, args []string, all func() *cobra.Command) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || strings.HasPrefix(args[0], "__") || args[0] == "help" {
		return nil
	}
	found, _, err := root.Find(args[:1])
	if err != nil || found == root {
		return unknownCommandError(all(), args)
	}
	if len(args) == 1 {
		return nil
	}
	if last := len(args) - 1; found.Name() == "call" && last == 2 {
		if guess, ok := guessCommand("call", args[last:], all); ok && !guess.withMore { // m2m call URL METHOD
			return exit.Usagef("unknown command %s of %s", Word(args[last]), found.CommandPath()).Hint("run: " + guess.line(args[1:last]))
		}
	}
	if found.Name() == "serve" && isPort(args[1]) {
		return exit.Usagef("m2m serve takes no argument, but was given %s", Word(args[1])).Hint("run: m2m serve --addr " + args[1])
	}
	below, _, err := root.Find(args[:2])
	if err != nil || below == found {
		if guess, ok := guessCommand(found.Name(), args[1:], all); ok {
			return exit.Usagef("unknown command %s of %s", Word(args[1]), found.CommandPath()).Hint("run: " + guess.line(args[2:]))
		}
	}
	return nil
}

func isPort(arg string) bool {
	port, err := strconv.ParseUint(strings.TrimPrefix(arg, ":"), 10, 16)
	return err == nil && port > 0
}

// unknownCommandError is the error of a word that is not a command, with the nearest
// one or the one that was probably meant.
func unknownCommandError(under *cobra.Command, args []string) error {
	fault := exit.Usagef("unknown command %s", Word(args[0]))
	path := strings.TrimPrefix(strings.TrimPrefix(under.CommandPath(), "m2m"), " ")
	all := under.Root
	if guess, ok := guessCommand(path, args, all); ok {
		return fault.Hint("run: " + guess.line(args[1:]))
	}
	switch _, isToken := strings.CutPrefix(args[0], "eyJ"); {
	case path == "" && isToken:
		return exit.Usagef("there is no command before the token").Hint("run: m2m verify -")
	case path == "" && isAddress(args[0]):
		return exit.Usagef("there is no command before the address").Hint("run: m2m call " + shown(args[0]))
	}
	if code, ok := entra.ParseAADSTS(args[0]); ok && path == "" {
		return exit.Usagef("unknown command AADSTS%d", code).Hintf("run: m2m help AADSTS%d", code)
	}
	var known []string
	for _, cmd := range under.Commands() {
		known = append(known, cmd.Name())
	}
	guesses := commandGuesses()
	for _, g := range guesses {
		if g.under == path && exists(all(), g.run) {
			known = append(known, strings.Fields(g.words)...)
		}
	}
	near := text.Nearest(args[0], known)
	if guess, ok := guessCommand(path, []string{near, "x"}, all); ok {
		return fault.Hint("did you mean m2m " + guess.run + "?")
	}
	if near != "" {
		return fault.Hint("did you mean " + under.CommandPath() + " " + near + "?")
	}
	return fault.Hint(under.CommandPath() + " --help lists the commands")
}

// guessCommand finds the guess for the first of words after the command path.
func guessCommand(path string, words []string, all func() *cobra.Command) (commandGuess, bool) {
	for _, g := range commandGuesses() {
		if g.under == path && slices.Contains(strings.Fields(g.words), words[0]) && (!g.withMore || len(words) > 1) {
			return g, exists(all(), g.run)
		}
	}
	return commandGuess{}, false
}

// exists reports whether a command line begins with a command of m2m.
func exists(root *cobra.Command, line string) bool {
	found, rest, err := root.Find(strings.Fields(line))
	return err == nil && found != root && !(isGroup(found) && len(rest) > 0)
}

// line is the command line to run, with what followed the word.
func (g commandGuess) line(rest []string) string {
	words := []string{"m2m", g.run}
	if g.alone {
		return strings.Join(words, " ")
	}
	isVerify := strings.HasPrefix(g.run, "verify")
	for i, arg := range rest {
		switch {
		case isVerify && !strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "@"):
			arg = "-" // it is a token, or should be one
		case i > 0 && isSecretFlag(rest[i-1]):
			arg = omitted
		default:
			arg = shown(arg)
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

// omitted stands for an argument that a hint does not repeat.
const omitted = "..."

// shown is an argument as a hint repeats it.
func shown(arg string) string {
	if text.LooksSecret(arg) || isCredentialHeader(arg) {
		return omitted
	}
	return text.ShellQuote(arg)
}

func isSecretFlag(arg string) bool {
	name := strings.TrimLeft(arg, "-")
	return name != arg && slices.ContainsFunc(flagGuesses(), func(g flagGuess) bool {
		return g.isSecret && slices.Contains(strings.Fields(g.names), name)
	})
}

// isCredentialHeader reports whether an argument of -H has a credential in it.
func isCredentialHeader(arg string) bool {
	name, _, ok := strings.Cut(arg, ":")
	return ok && transport.IsCredential(strings.TrimSpace(name))
}

// unknownFlagError is the error of a flag that cmd does not have. name is without
// dashes, args are those of the process; all returns the root with every command.
func unknownFlagError(cmd *cobra.Command, name string, args []string, all func() *cobra.Command) error {
	fault := exit.Usagef("unknown flag: %s", shownFlag(name))
	guess, guessed := guessFlag(cmd, name)
	if guessed {
		if guess.why != "" {
			fault = exit.Usagef("unknown flag: %s; %s", shownFlag(name), guess.why)
		}
		fault.Hint("run: " + corrected(cmd, args, all()))
		if guess.advice != "" {
			fault.Hint(guess.advice)
		}
		if guess.isSecret && guess.why != "" {
			fault.Hint("if it was a real secret, replace it with a new one: the history has it now")
		}
		return fault
	}
	if near, _ := nearFlag(cmd, name); near != nil {
		return fault.Hint("did you mean --" + near.Name + "?")
	} else if guess, ok := nearGuess(cmd, name); ok && guess.isSecret {
		return fault.Hint("run: "+corrected(cmd, args, all()), "if it was a real secret, replace it with a new one: the history has it now")
	}
	if others := commandsWith(all(), name); others != "" {
		return fault.Hintf("--%s is a flag of %s", name, others)
	}
	if guess, ok := nearGuess(cmd, name); ok {
		if use := strings.TrimSuffix(guess.use, " VALUE"); strings.HasPrefix(use, "-") {
			return fault.Hint("did you mean " + use + "?")
		}
	}
	return fault.Hintf("see %s --help", cmd.CommandPath())
}

// HelpHint is what to run for a page of help that does not exist.
func HelpHint(root *cobra.Command, words []string) string {
	if len(words) > 0 {
		path := strings.Join(words[:len(words)-1], " ")
		if guess, ok := guessCommand(path, append(words[len(words)-1:], "x"), root.Root); ok {
			return "run: m2m help " + strings.Split(guess.run, " -")[0]
		}
	}
	return "m2m help lists the commands and topics"
}

// commandsWith names the commands that have a flag of their own with this name.
func commandsWith(root *cobra.Command, name string) string {
	var paths []string
	for _, cmd := range InOrder(root.Commands()) {
		for _, c := range append([]*cobra.Command{cmd}, cmd.Commands()...) {
			if c.LocalNonPersistentFlags().Lookup(name) != nil {
				paths = append(paths, c.CommandPath())
			}
		}
	}
	return strings.Join(paths, ", ")
}

// shownFlag is the name of a flag for a message: what is no name may be a secret.
func shownFlag(name string) string {
	dashes := "--"
	if len(name) == 1 {
		dashes = "-"
	}
	if len(name) > 32 || text.LooksSecret(name) {
		return text.NotShown
	}
	return dashes + text.Printable(name)
}

// nearFlag is the flag of a command, or of every command, whose name is nearest. It is
// nil if none is near, or if the name of a guess is nearer, which it returns then.
func nearFlag(cmd *cobra.Command, name string) (near *pflag.Flag, guessed string) {
	if len(name) == 1 {
		return nil, ""
	}
	var known []string
	add := func(f *pflag.Flag) { known = append(known, f.Name) }
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	for _, g := range flagGuesses() {
		for _, word := range strings.Fields(g.names) {
			if len(word) > 2 && g.fits(cmd) {
				known = append(known, word)
			}
		}
	}
	nearest := text.Nearest(name, known)
	return cmd.Flag(nearest), nearest
}

// fits reports whether the guess is for a command.
func (g flagGuess) fits(cmd *cobra.Command) bool {
	if g.on != "" && !slices.Contains(strings.Split(g.on, ", "), strings.TrimPrefix(cmd.CommandPath(), "m2m ")) {
		return false
	}
	if g.command != "" {
		return true
	}
	for _, word := range strings.Fields(g.use) {
		name := strings.TrimPrefix(word, "--")
		isShort := len(word) == 2 && word[0] == '-' && word != "--"
		if name != word && cmd.Flag(name) == nil || isShort && cmd.Flags().ShorthandLookup(word[1:]) == nil {
			return false
		}
	}
	return true
}

func guessFlag(cmd *cobra.Command, name string) (flagGuess, bool) {
	for _, g := range flagGuesses() {
		if slices.Contains(strings.Fields(g.names), name) && g.fits(cmd) {
			return g, true
		}
	}
	return flagGuess{}, false
}

// nearGuess is the guess at a flag that is misspelt.
func nearGuess(cmd *cobra.Command, name string) (flagGuess, bool) {
	if flag, near := nearFlag(cmd, name); flag == nil && near != "" {
		return guessFlag(cmd, near)
	}
	return flagGuess{}, false
}

// corrected is the command line with every guessed flag replaced. An unknown flag
// without a guess is left out.
func corrected(cmd *cobra.Command, args []string, root *cobra.Command) string {
	path := strings.TrimPrefix(cmd.CommandPath(), "m2m ")
	c := correction{given: cmd, cmd: cmd, command: path, rest: args[min(len(args), len(strings.Fields(path))):]}
	for _, arg := range c.rest {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if guess, ok := guessFlag(cmd, name); ok && name != arg && guess.command != "" && cmd.Flag(name) == nil {
			c.command = guess.command
			c.cmd, _, _ = root.Find(strings.Fields(guess.command))
		}
	}
	for len(c.rest) > 0 {
		c.step()
	}
	if c.command == "test" && path != "test" {
		for i, word := range c.words { // the address of the API was an argument of call
			if isAddress(word) {
				c.words[i] = "--api-url " + word
			}
		}
	}
	return strings.Join(append([]string{"m2m", c.command}, c.words...), " ")
}

// correction is a command line that is being corrected.
type correction struct {
	given   *cobra.Command
	cmd     *cobra.Command // the one to run
	command string         // its path
	words   []string       // of the corrected line
	rest    []string       // of the given line
}

func (c *correction) next() string {
	arg := c.rest[0]
	c.rest = c.rest[1:]
	return arg
}

// step takes one argument, with its value if it is a flag that has one.
func (c *correction) step() {
	arg := c.next()
	switch {
	case arg == "--":
		c.words = append(c.words, arg)
		for len(c.rest) > 0 {
			c.words = append(c.words, shown(c.next()))
		}
		return
	case len(arg) < 2 || arg[0] != '-':
		c.words = append(c.words, shown(arg))
		return
	}
	name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	flag := c.lookup(arg, name)
	switch {
	case flag != nil:
		c.words = append(c.words, shown(arg))
		isWhole := hasValue || !strings.HasPrefix(arg, "--") && len(arg) > 2
		if flag.NoOptDefVal == "" && !isWhole && len(c.rest) > 0 {
			c.words = append(c.words, shown(c.next()))
		}
		return
	case len(name) == 0:
		return
	}
	guess, ok := guessFlag(c.given, name)
	if !ok {
		if near, _ := nearFlag(c.cmd, name); near != nil {
			guess, ok = flagGuess{use: "--" + near.Name}, true
			if near.NoOptDefVal == "" {
				guess.use += " VALUE"
			}
		} else if guess, ok = nearGuess(c.given, name); !ok {
			guess.hasValue = len(c.rest) > 0 && !isAddress(c.rest[0]) // it may be a secret
		}
	}
	if takesValue := guess.hasValue || strings.Contains(guess.use, "VALUE"); takesValue && !hasValue {
		value = omitted
		if len(c.rest) > 0 && (c.rest[0] == "-" || !strings.HasPrefix(c.rest[0], "-")) {
			value = c.next()
		}
	}
	if use := guess.with(value); use != "" {
		c.words = append(c.words, use)
	}
}

func isAddress(arg string) bool {
	return strings.HasPrefix(arg, "/") || strings.HasPrefix(arg, "https://") || strings.HasPrefix(arg, "http://")
}

// lookup finds the flag that an argument gives; nil if there is none.
func (c *correction) lookup(arg, name string) *pflag.Flag {
	if strings.HasPrefix(arg, "--") {
		return c.cmd.Flag(name)
	}
	return c.cmd.Flags().ShorthandLookup(arg[1:2])
}

// with is what to write instead of the flag and its value.
func (g flagGuess) with(value string) string {
	if g.isSecret {
		path, isFile := strings.CutPrefix(value, "@")
		if !isFile || path == "" {
			return g.use
		}
		if g.use == "-" {
			return shown(value)
		}
		return strings.TrimSuffix(g.use, "-") + shown(path)
	}
	if suffix := "/.default"; strings.HasSuffix(g.use, "VALUE"+suffix) {
		value = strings.TrimSuffix(strings.TrimSuffix(value, suffix), "/")
	}
	words := strings.Fields(g.use)
	for i, word := range words {
		if before, after, ok := strings.Cut(word, "VALUE"); ok {
			words[i] = shown(before + value + after)
		}
	}
	return strings.Join(words, " ")
}
