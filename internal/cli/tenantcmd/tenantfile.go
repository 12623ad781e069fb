package tenantcmd

import (
	"io"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/local"
	"m2m/internal/tenant/tenantfile"
)

const tenantFileLong = `  m2m serve tenant-file >tenant.yaml                      the built-in tenant, every key explained
  m2m serve --local --tenant-file tenant.yaml             the tenants of a file
  m2m serve tenant-file --check tenant.yaml               only say whether a file is good
  m2m serve tenant-file --schema >tenant.schema.json      its JSON Schema, for editors

Prints the tenant of "m2m serve --local" as the YAML that --tenant-file reads: tenants, APIs,
clients with secrets, certificates and federated credentials, grants, and how long tokens live.
A key that is not known, a value of the wrong kind, a name that leads nowhere: each is an error
that says FILE:LINE:COLUMN and, where it can, what was meant.`

// NewTenantFile makes the command that prints and checks tenant files.
func NewTenantFile(env *cli.Env) *cobra.Command {
	var schema bool
	var check string
	cmd := &cobra.Command{
		Use:   "tenant-file",
		Short: "Print the built-in tenant as a file to change",
		Long:  tenantFileLong,
		Args:  cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case schema && cmd.Flags().Changed("check"):
				return exit.Usagef("--schema and --check are both given").Hint("leave one of them out")
			case cmd.Flags().Changed("check"):
				_, err := local.ReadTenantFile(check, env.ReadFile)
				return err
			case schema:
				_, err := io.WriteString(env.Out, tenantfile.Schema())
				return err
			}
			_, err := io.WriteString(env.Out, tenantfile.Builtin())
			return err
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&schema, "schema", false, "print the JSON Schema of tenant files")
	flags.StringVar(&check, "check", "", "read the tenant file at `PATH` and print nothing if it is good; - is stdin")
	return cmd
}
