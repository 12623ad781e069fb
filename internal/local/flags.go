package local

import (
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"strings"

	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/strictyaml"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/tenantfile"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// maxCertificateFile bounds a certificate that a tenant file names, in bytes.
const maxCertificateFile = 64 << 10

// fileReader reads a file, or stdin for "-", that may hold up to limit bytes.
type fileReader func(path string, limit int64) ([]byte, error)

// Tenants returns those of a tenant file, or the built-in one without a file.
func Tenants(path string, read fileReader) (tenantfile.File, error) {
	if path == "" {
		return tenantfile.File{Tenants: []directory.Tenant{directory.Builtin()}}, nil
	}
	return ReadTenantFile(path, read)
}

// ReadTenantFile reads a tenant file and the certificates that it names, whose
// relative paths start at the file.
func ReadTenantFile(path string, read fileReader) (tenantfile.File, error) {
	text, err := read(path, tenantfile.MaxBytes)
	if err != nil {
		return tenantfile.File{}, exit.Usagef("the tenant file cannot be read: %v", err).
			Hint("to write one: m2m tenant init > tenant.yaml").
			Wrap(err)
	}
	name := path
	if path == "-" {
		name = "stdin"
	}
	tenants, err := tenantfile.Parse(name, text, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Dir(path) + string(filepath.Separator) + name // Join would make stdin of a file called "-"
		}
		return read(name, maxCertificateFile)
	})
	if fault := (*strictyaml.Error)(nil); errors.As(err, &fault) {
		return tenants, exit.Usagef("%v", err).Hint("m2m tenant init prints a file with every key explained").Wrap(err)
	}
	return tenants, err
}

// ParseFaults reads faults as flags and arguments give them.
func ParseFaults(specs []string) (faults []fault.Fault, err error) {
	for _, spec := range specs {
		f, err := fault.Parse(spec)
		if err != nil {
			hints := append(explain.CommandLine.Hints(err), "m2m tenant fault --help lists the faults")
			return nil, exit.Usagef("%v", err).Hint(hints...)
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// listenLoopback opens an address of this machine alone: a tenant with demo apps
// and an API that accepts its tokens must not be reached from elsewhere.
func listenLoopback(address, flag string) (net.Listener, error) {
	if err := CheckLoopback(address, flag); err != nil {
		return nil, err
	}
	return Listen(address, flag)
}

// imdsHost is the address of the metadata service of virtual machines. It is no other
// machine's where it can be listened on.
const imdsHost = "169.254.169.254"

// CheckIMDS rejects an address of the metadata service, HOST:PORT, that is neither on
// loopback nor IMDS' own.
func CheckIMDS(address string) error {
	if host, _, err := net.SplitHostPort(address); err == nil && host == imdsHost {
		return nil
	}
	return CheckLoopback(address, "--imds")
}

// listenIMDS opens the address of the metadata service.
func listenIMDS(address string) (net.Listener, error) {
	if err := CheckIMDS(address); err != nil {
		return nil, err
	}
	listener, err := Listen(address, "--imds")
	if refused := (*exit.Error)(nil); errors.As(err, &refused) && strings.HasPrefix(address, imdsHost+":") {
		return nil, refused.Hint("as root on Linux: ip address add " + imdsHost + "/32 dev lo")
	}
	return listener, err
}

// CheckLoopback rejects an address, HOST:PORT, that other machines can reach. flag
// is the flag that gave it.
func CheckLoopback(address, flag string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return exit.Usagef("%s %s is not HOST:PORT", flag, text.Quote(address)).Wrap(err)
	}
	if !transport.Loopback(host) {
		return exit.Usagef("%s %s can be reached from other machines; --local only ever listens on loopback", flag, address).
			Hintf("give %s 127.0.0.1:PORT, or localhost or [::1]", flag)
	}
	return nil
}

// Listen opens an address. flag is the flag that gave it.
func Listen(address, flag string) (net.Listener, error) {
	listener, err := net.Listen("tcp", transport.ListenAddress(address))
	if err != nil {
		return nil, exit.Usagef("cannot listen on %s: %v", address, exit.RootCause(err)).
			Hintf("choose another address with %s, such as 127.0.0.1:0 for any free port", flag).
			Wrap(err)
	}
	return listener, nil
}

// Origin is the scheme, host and port of an API that listens.
func Origin(listener net.Listener, tls bool) string {
	scheme := "http"
	if tls {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: listener.Addr().String()}).String()
}
