package tenant

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net"
	"slices"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/intercept"
)

// The server's certificates outlive any run and no browser's limit of 398 days.
const (
	certificateLife = 90 * 24 * time.Hour
	certificateSkew = time.Hour
)

// newServerCertificates makes a CA for this run and a certificate that it
// signed for loopback, with the server's own address, which may be 127.0.0.2;
// with logins a second one, for Entra's login hosts. The CA's key goes no
// further than this function, and a client that trusts the CA trusts it for loopback
// and Entra's login hosts alone (name constraints, RFC 5280, 4.2.1.10).
func newServerCertificates(now time.Time, own net.IP, withLogins bool) (servers []tls.Certificate, caPEM []byte, err error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making the CA's key: %w", err)
	}
	template := caTemplate(now)
	caDER, err := x509.CreateCertificate(rand.Reader, template, template, caKey.Public(), caKey)
	if err != nil {
		return nil, nil, fmt.Errorf("signing the CA: %w", err)
	}
	ca, err := x509.ParseCertificate(caDER)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the CA back: %w", err)
	}
	loopback := []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	if !slices.ContainsFunc(loopback, own.Equal) {
		loopback = append(loopback, own)
	}
	server, err := newLeaf([]string{"localhost"}, loopback, ca, caKey)
	if err != nil {
		return nil, nil, err
	}
	servers = append(servers, server)
	if withLogins {
		login, err := newLeaf(intercept.LoginNames(), nil, ca, caKey)
		if err != nil {
			return nil, nil, err
		}
		servers = append(servers, login)
	}
	return servers, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), nil
}

func caTemplate(now time.Time) *x509.Certificate {
	// Two runs make two CAs, and TLS libraries find a CA by its name.
	var run [4]byte
	_, _ = rand.Read(run[:]) // never fails: it ends the program instead
	return &x509.Certificate{
		Subject:                     pkix.Name{CommonName: "m2m local tenant " + hex.EncodeToString(run[:])},
		NotBefore:                   now.Add(-certificateSkew),
		NotAfter:                    now.Add(certificateLife),
		KeyUsage:                    x509.KeyUsageCertSign,
		ExtKeyUsage:                 []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid:       true,
		IsCA:                        true,
		MaxPathLenZero:              true,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         append([]string{"localhost"}, entra.LoginHosts()...),
		PermittedIPRanges: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
			{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
	}
}

// newLeaf makes a server's certificate for DNS names and addresses.
func newLeaf(names []string, addresses []net.IP, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making the server's key: %w", err)
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: names[0]},
		NotBefore:   ca.NotBefore,
		NotAfter:    ca.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    names,
		IPAddresses: addresses,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca, key.Public(), caKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("signing the server's certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
