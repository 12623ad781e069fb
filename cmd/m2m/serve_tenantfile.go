package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"

	"github.com/spf13/cobra"

	"m2m/internal/issuer"
	"m2m/internal/transport"
)

// maxCertificateFile bounds a certificate that a tenant file names, in bytes.
const maxCertificateFile = 64 << 10

const tenantFileLong = `  m2m serve tenant-file >tenant.yaml                      the built-in tenant, every key explained
  m2m serve --local --tenant-file tenant.yaml             the tenants of a file
  m2m serve tenant-file --check tenant.yaml               only say whether a file is good
  m2m serve tenant-file --schema >tenant.schema.json      its JSON Schema, for editors

Prints the tenant of "m2m serve --local" as the YAML that --tenant-file reads: tenants, APIs,
clients with secrets, certificates and federated credentials, grants, and how long tokens live.
A key that is not known, a value of the wrong kind, a name that leads nowhere: each is an error
that says FILE:LINE:COLUMN and, where it can, what was meant.`

func (a *app) tenantFileCommand() *cobra.Command {
	var schema bool
	var check string
	cmd := &cobra.Command{
		Use:   "tenant-file",
		Short: "Print the built-in tenant as a file to change",
		Long:  tenantFileLong,
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case schema && cmd.Flags().Changed("check"):
				return &usageError{reason: "--schema and --check are both given", hints: []string{"leave one of them out"}}
			case cmd.Flags().Changed("check"):
				_, err := a.readTenantFile(check)
				return err
			case schema:
				_, err := io.WriteString(a.out, issuer.TenantFileSchema())
				return err
			}
			_, err := io.WriteString(a.out, issuer.BuiltinTenantFile())
			return err
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&schema, "schema", false, "print the JSON Schema of tenant files")
	flags.StringVar(&check, "check", "", "read the tenant file at `PATH` and print nothing if it is good; - is stdin")
	return cmd
}

// tenants returns those of a tenant file, or the built-in one without a file.
func (a *app) tenants(path string) (issuer.TenantFile, error) {
	if path == "" {
		return issuer.TenantFile{Tenants: []issuer.Tenant{issuer.Builtin()}}, nil
	}
	return a.readTenantFile(path)
}

// readTenantFile reads a tenant file and the certificates that it names, whose
// paths are seen from the file.
func (a *app) readTenantFile(path string) (issuer.TenantFile, error) {
	text, err := a.readFile(path, issuer.MaxTenantFile)
	if err != nil {
		return issuer.TenantFile{}, &usageError{
			reason: "the tenant file cannot be read: " + err.Error(),
			hints:  []string{"to write one: m2m serve tenant-file >tenant.yaml"},
			err:    err,
		}
	}
	tenants, err := issuer.ParseTenantFile(fileName(path), text, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Dir(path) + string(filepath.Separator) + name // Join would make stdin of a file called "-"
		}
		return a.readFile(name, maxCertificateFile)
	})
	if fault := (*issuer.TenantFileError)(nil); errors.As(err, &fault) {
		return tenants, &usageError{
			reason: err.Error(),
			hints:  []string{"m2m serve tenant-file prints a file with every key explained"},
			err:    err,
		}
	}
	return tenants, err
}

// outsideIssuers is the client that fetches the keys of the issuers that
// federated credentials trust. --ca-file is for them: the API beside the tenant
// asks nobody but the tenant.
func (a *app) outsideIssuers(cmd *cobra.Command) (*http.Client, error) {
	caFile, _ := cmd.Flags().GetString("ca-file")
	outside := transport.New(transport.Config{CAFile: caFile, Proxy: a.proxy})
	if caFile != "" { // else the system's roots are read when they are needed, not at every start
		if err := outside.Check(); err != nil {
			return nil, err
		}
	}
	return &http.Client{Transport: outside}, nil
}

// localInput is what the settings of the API beside a local tenant are resolved
// from: the --ca-file of outside issuers is not what the API has to trust.
func (a *app) localInput(cmd *cobra.Command) settingsInput {
	in := a.input(cmd, uses{})
	delete(in.flags, "ca-file")
	return in
}

// checkOutput refuses forms of output that there are not.
func (o *serveOptions) checkOutput() error {
	if err := checkForm(o.form, []string{"text", "json"}); err != nil {
		return err
	}
	if o.form == "json" && o.command != nil {
		return &usageError{
			reason: "-o json and a command are both given; stdout is the command's",
			hints:  []string{fmt.Sprintf("leave -o out: the command finds all in its environment, such as %s", "TENANT_ID and API_URL")},
		}
	}
	return nil
}
