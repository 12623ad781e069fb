package cli

import (
	"cmp"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/exit"
	"m2m/internal/local"
)

// TenantFlags are the flags of commands that run a local tenant.
type TenantFlags struct {
	addr, file, as, imds string
	intercept            bool
	faults               []string
}

// TenantFlagNames are the names of these flags.
func TenantFlagNames() []string {
	return []string{"tenant-addr", "tenant-file", "as", "intercept", "imds", "fault"}
}

// Add adds the flags. where begins the texts of those that mean something only then,
// such as "with --local: ".
func (f *TenantFlags) Add(flags *pflag.FlagSet, where string) {
	flags.StringVar(&f.addr, "tenant-addr", "127.0.0.1:8443", "the `ADDRESS` the local tenant listens on")
	flags.StringVar(&f.file, "tenant-file", "", where+"the tenants in `PATH` (YAML) instead of the built-in one")
	flags.StringVar(&f.as, "as", "", where+"the client or managed identity `NAME` (or ID) of the tenant that COMMAND and --local get")
	flags.BoolVar(&f.intercept, "intercept", false, where+"answer as Microsoft's login hosts, through a proxy")
	flags.StringVar(&f.imds, "imds", "", where+"answer as the metadata service of virtual machines on this `ADDRESS` too")
	flags.StringArrayVar(&f.faults, "fault", nil,
		where+"misbehave as `SPEC` says, such as token:429,times=3 (repeatable); see \"m2m tenant fault --help\"")
}

// Options checks the flags and reads the tenant file. With a command the tenant gets a
// free port unless the flag names one.
func (f *TenantFlags) Options(env *Env, cmd *cobra.Command, withCommand bool) (o local.Options, err error) {
	if err := local.CheckLoopback(f.addr, "--tenant-addr"); err != nil {
		return o, err
	}
	if f.imds != "" {
		if err := local.CheckIMDS(f.imds); err != nil {
			return o, err
		}
	}
	if o.Faults, err = local.ParseFaults(f.faults); err != nil {
		return o, err
	}
	if o.Tenants, err = local.Tenants(f.file, env.ReadFile); err != nil {
		return o, err
	}
	if o.Identity, err = local.Choose(&o.Tenants, f.as, "--as"); err != nil {
		return o, err
	}
	if f.imds != "" && len(o.Tenants.Tenants[0].Identities) == 0 {
		return o, exit.Usagef("--imds: the tenant has no managed identity").Hint("add one to the tenant file, under identities")
	}
	o.TenantAddr, o.IMDSAddr, o.Intercept, o.Proxy = f.addr, f.imds, f.intercept, env.Proxy
	if withCommand && !cmd.Flags().Changed("tenant-addr") {
		o.TenantAddr = "127.0.0.1:0"
	}
	caFile, _ := cmd.Flags().GetString("ca-file")
	named, _ := env.Lookup("M2M_CA_FILE")
	o.CAFile = cmp.Or(caFile, named)
	return o, nil
}
