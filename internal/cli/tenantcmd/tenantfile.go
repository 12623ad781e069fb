package tenantcmd

import (
	"io"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/local"
	"m2m/internal/tenant/tenantfile"
)

func newInit(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Print the built-in tenant as a file to change",
		Long: `Prints the built-in tenant as the YAML that --tenant-file reads, with every key explained:
tenants, APIs, clients with secrets, certificates and federated credentials, grants, and how
long tokens live.`,
		Example: `  m2m tenant init > tenant.yaml                  write the file
  m2m serve --local --tenant-file tenant.yaml    run the tenants of the file`,
		Args: cli.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(env.Out, tenantfile.Builtin())
			return err
		},
	}
}

func newCheck(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Check a tenant file",
		Long: `Reads a tenant file and prints nothing if it is valid. An unknown key, a value of the wrong
kind, a name that leads nowhere: each is reported with FILE:LINE:COLUMN and, where it can be
guessed, what was meant. Nothing is started.`,
		Example: `  m2m tenant check tenant.yaml
  cat tenant.yaml | m2m tenant check -`,
		Args:              cli.ExactlyOne("the tenant file", "m2m tenant check tenant.yaml"),
		ValidArgsFunction: cli.CompleteFiles("", ".yaml", ".yml"),
		RunE: func(_ *cobra.Command, args []string) error {
			_, err := local.ReadTenantFile(args[0], env.ReadFile)
			return err
		},
	}
}

func newSchema(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of tenant files",
		Long:    "Prints the JSON Schema of tenant files, for editors, on stdout.",
		Example: "  m2m tenant schema > tenant.schema.json",
		Args:    cli.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(env.Out, tenantfile.Schema())
			return err
		},
	}
}
