package main

import (
	"bytes"
	"os"
)

// systemRootFiles are where systems keep their trusted roots as one PEM file,
// in the order in which crypto/x509 looks for them.
func systemRootFiles() []string {
	return []string{
		"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Gentoo, Arch
		"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL 6
		"/etc/ssl/ca-bundle.pem",                            // OpenSUSE
		"/etc/pki/tls/cacert.pem",                           // OpenELEC
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS, RHEL 7
		"/etc/ssl/cert.pem",                                 // Alpine, macOS, FreeBSD
	}
}

// rootsWith returns a PEM bundle of the roots this process trusts and ca. The
// variables that name a bundle replace a program's own roots, so a bundle of ca
// alone would cut that program off from everything else.
func rootsWith(ca []byte, lookup func(string) (string, bool)) []byte {
	files := systemRootFiles()
	if named, _ := lookup("SSL_CERT_FILE"); named != "" {
		files = []string{named}
	}
	for _, file := range files {
		if roots, err := os.ReadFile(file); err == nil {
			return append(append(bytes.TrimRight(roots, "\n"), '\n'), ca...)
		}
	}
	return ca
}
