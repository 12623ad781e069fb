package tokencmd

import (
	"github.com/spf13/pflag"

	"m2m/internal/cli"
)

// handOver is how the token reaches the one who asked for it.
type handOver struct {
	form string
	file string // the PATH of --output-file; empty for stdout
	mask bool
	// command is what masks the token, found before anything is sent.
	command maskCommand
}

func (h *handOver) add(flags *pflag.FlagSet) {
	flags.StringVarP(&h.form, "output", "o", "raw", "the `FORM` of the output: raw, json, header, curl or exec-credential")
	flags.StringVar(&h.file, "output-file", "", "write to `PATH` in place of stdout: whole or not at all, readable by you alone")
	flags.BoolVar(&h.mask, "mask", false, "have GitHub Actions or Azure Pipelines hide the token in the job's log")
}

// checkHandOver refuses what cannot work before a token is asked for.
func checkHandOver(env *cli.Env, h *handOver) (err error) {
	if err := cli.CheckForm(h.form, tokenForms()); err != nil {
		return err
	}
	if h.mask {
		if h.command, err = runnerMask(env); err != nil {
			return err
		}
	}
	return nil
}

// printHandOver writes the token; the command that masks it comes first.
func printHandOver(env *cli.Env, t issuedToken, h handOver, to cli.Destination) error {
	if h.mask {
		if err := h.command.print(env.Stderr, t.Access); err != nil {
			return err // a token that is not masked is not handed over
		}
	}
	return t.write(to, h.form)
}
