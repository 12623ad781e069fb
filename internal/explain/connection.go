package explain

import (
	"slices"
	"strings"

	"m2m/internal/transport"
)

// connectionHints is about a request that got no answer, whoever was asked.
func connectionHints(e *transport.Error) []string {
	switch e.Fault {
	case transport.FaultDNS:
		return []string{"check the host's spelling; inside a company, the VPN or HTTPS_PROXY may be missing"}
	case transport.FaultRefused:
		return []string{"check the host and the port, and that the server is running"}
	case transport.FaultTimeout:
		return []string{"check that no firewall drops the packets; behind a proxy set HTTPS_PROXY"}
	case transport.FaultProxy:
		if offersOnlySingleSignOn(e.ProxySchemes) {
			return singleSignOnHints(e.ProxySchemes)
		}
		return []string{"check HTTPS_PROXY and HTTP_PROXY, with user and password if the proxy asks for them; NO_PROXY lists hosts that " +
			"are reached without it"}
	case transport.FaultUnknownCA:
		if e.Unread != "" {
			return []string{"repair that block of the CA file: copy the certificate again, whole"}
		}
		return []string{
			"give the PEM file of that authority with --ca-file or M2M_CA_FILE",
			"behind a proxy that opens TLS, that is the proxy's authority",
		}
	case transport.FaultHostname:
		return []string{"use a host name that the certificate holds"}
	case transport.FaultCertificate:
		return []string{"check the certificate's dates, and the clock of this machine"}
	case transport.FaultProtocol:
		return []string{"check the port: what listens there may be plain http, or something else"}
	case transport.FaultTLS:
		return []string{"check the address; the server may want a client certificate, or speak only TLS older than 1.2"}
	case transport.FaultClosed:
		return []string{"try again; the log of the server, or of a proxy before it, may say why it hung up"}
	case transport.FaultCancelled:
		return nil
	}
	return []string{"check the network, the address, and the proxy on the way to it (HTTPS_PROXY, NO_PROXY)"}
}

// offersOnlySingleSignOn reports whether a proxy takes neither Basic nor Digest nor
// anything else that a user name and password are enough for.
func offersOnlySingleSignOn(schemes []string) bool {
	return len(schemes) > 0 && !slices.ContainsFunc(schemes, func(scheme string) bool {
		return !strings.EqualFold(scheme, "Negotiate") && !strings.EqualFold(scheme, "NTLM") && !strings.EqualFold(scheme, "Kerberos")
	})
}

// singleSignOnHints is about a proxy that offers nothing else.
func singleSignOnHints(schemes []string) []string {
	return []string{
		"the proxy accepts only " + strings.Join(schemes, " or ") + ", which m2m does not support: a user and password cannot help",
		"run a proxy on this machine that signs in for you, such as px or cntlm, and set HTTPS_PROXY to its address",
	}
}

// caFileHints is about a CA file that cannot be used.
func caFileHints(*transport.CAFileError) []string {
	return []string{"give the PEM file of the certification authority with --ca-file or M2M_CA_FILE"}
}
