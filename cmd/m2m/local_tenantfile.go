package main

import (
	"errors"
	"path/filepath"

	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/issuer"
)

// maxCertificateFile bounds a certificate that a tenant file names, in bytes.
const maxCertificateFile = 64 << 10

// fileReader reads a file, or stdin for "-", that may hold up to limit bytes.
type fileReader func(path string, limit int64) ([]byte, error)

// tenantsOf returns those of a tenant file, or the built-in one without a file.
func tenantsOf(path string, read fileReader) (issuer.TenantFile, error) {
	if path == "" {
		return issuer.TenantFile{Tenants: []issuer.Tenant{issuer.Builtin()}}, nil
	}
	return readTenantFile(path, read)
}

// readTenantFile reads a tenant file and the certificates that it names, whose
// relative paths start at the file.
func readTenantFile(path string, read fileReader) (issuer.TenantFile, error) {
	text, err := read(path, issuer.MaxTenantFile)
	if err != nil {
		return issuer.TenantFile{}, exit.Usagef("the tenant file cannot be read: %v", err).
			Hint("to write one: m2m serve tenant-file >tenant.yaml").
			Wrap(err)
	}
	name := path
	if path == "-" {
		name = "stdin"
	}
	tenants, err := issuer.ParseTenantFile(name, text, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Dir(path) + string(filepath.Separator) + name // Join would make stdin of a file called "-"
		}
		return read(name, maxCertificateFile)
	})
	if fault := (*issuer.TenantFileError)(nil); errors.As(err, &fault) {
		return tenants, exit.Usagef("%v", err).Hint("m2m serve tenant-file prints a file with every key explained").Wrap(err)
	}
	return tenants, err
}

// parseFaults reads faults as flags and arguments give them.
func parseFaults(specs []string) (faults []issuer.Fault, err error) {
	for _, spec := range specs {
		f, err := issuer.ParseFault(spec)
		if err != nil {
			hints := append(explain.CommandLine.Hints(err), "m2m serve fault --help lists the faults")
			return nil, exit.Usagef("%v", err).Hint(hints...)
		}
		faults = append(faults, f)
	}
	return faults, nil
}
