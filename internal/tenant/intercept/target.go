package intercept

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// What the proxy never opens a tunnel to.
var (
	errTargetForm     = errors.New("the target is not HOST:PORT")
	errTargetPort     = errors.New("only port 443 is tunnelled")
	errTargetLoopback = errors.New("it is this machine or its link, which is never tunnelled to")
)

// targetHost reads the target of a CONNECT request (RFC 9110 section 9.3.6) and
// returns its host: a name in lower case without the root's dot, or an address
// in its shortest form. The error wraps one of the three above.
func targetHost(target string) (string, error) {
	host, port, err := net.SplitHostPort(target)
	if err != nil || len(target) > 300 {
		return "", errTargetForm
	}
	if port != "443" {
		return "", errTargetPort
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		if isOwnLink(addr) {
			return "", errTargetLoopback
		}
		return addr.String(), nil
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if !isTunnelName(host) {
		return "", errTargetForm
	}
	if isOwnName(host) {
		return "", errTargetLoopback
	}
	return host, nil
}

// isTunnelName reports whether a name can be one of DNS. One that ends in a
// number is an address to some resolvers (127.1, 2130706433, 0x7f.1) and a name
// to others, so that it is not known where it leads.
func isTunnelName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
		last = label
	}
	return last[0] < '0' || last[0] > '9'
}

// isOwnName reports whether a name stands for this machine (RFC 6761 section
// 6.3) or for the metadata service of the cloud it runs in, which a parent
// proxy would resolve for its own machine.
func isOwnName(name string) bool {
	first, _, _ := strings.Cut(name, ".")
	switch {
	case name == "localhost", strings.HasSuffix(name, ".localhost"), strings.HasPrefix(name, "localhost."),
		name == "ip6-localhost", name == "ip6-loopback":
		return true
	case slices.ContainsFunc(metadataNames, func(known string) bool { return name == known || strings.HasSuffix(name, "."+known) }):
		return true
	}
	// Google's metadata.google.internal, Amazon's instance-data.ec2.internal and their like.
	return (first == "metadata" || first == "instance-data") && (name == first || strings.HasSuffix(name, ".internal"))
}

// metadataNames are public names of clouds' metadata services, which lead to the machine
// that resolves them: Google, Tencent, IBM.
var metadataNames = []string{"metadata.goog", "metadata.tencentyun.com", "metadata.cloud.ibm.com"}

// isOwnLink reports whether an address is this machine's, its link's, or of no
// machine. An IPv4 address inside an IPv6 one counts as itself.
func isOwnLink(addr netip.Addr) bool {
	if addr.Zone() != "" {
		return true // a zone is a link of this machine
	}
	addr = embedded4(addr.Unmap())
	if addr.IsLoopback() || addr.IsUnspecified() || addr.IsLinkLocalUnicast() || addr.IsMulticast() {
		return true
	}
	return slices.ContainsFunc(ownPrefixes(), func(p netip.Prefix) bool { return p.Contains(addr) })
}

// ownPrefixes lists addresses of this machine, its link and the cloud it runs in
// that netip has no method for.
var ownPrefixes = sync.OnceValue(func() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),              // this host on this network (RFC 1122)
		netip.MustParsePrefix("255.255.255.255/32"),     // broadcast on the link
		netip.MustParsePrefix("168.63.129.16/32"),       // Azure's own services, seen from a virtual machine
		netip.MustParsePrefix("100.100.100.200/32"),     // Alibaba's metadata service
		netip.MustParsePrefix("192.0.0.0/24"),           // IETF protocol assignments, Oracle's metadata service among them (RFC 6890)
		netip.MustParsePrefix("fd00:ec2::/32"),          // Amazon's services on the link, metadata among them
		netip.MustParsePrefix("fd20:ce::254/128"),       // Google's metadata service
		netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"), // Oracle's metadata service
		netip.MustParsePrefix("64:ff9b:1::/48"),         // translation inside one network (RFC 8215): where it leads is that network's
		netip.MustParsePrefix("2001::/32"),              // Teredo (RFC 4380): packets go to an IPv4 address of any kind
		netip.MustParsePrefix("2002::/16"),              // 6to4 (RFC 3056, deprecated by RFC 7526): the same
		netip.MustParsePrefix("fec0::/10"),              // site-local, the older link-local (RFC 3879)
	}
})

// embedded4 returns the IPv4 address to which routers and kernels send packets
// for certain IPv6 addresses: NAT64 (RFC 6052), IPv4-translated (RFC 2765), ISATAP
// (RFC 5214) and the old IPv4-compatible form; else the address itself.
func embedded4(addr netip.Addr) netip.Addr {
	if !addr.Is6() {
		return addr
	}
	b := addr.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:]))
	case netip.MustParsePrefix("::ffff:0:0:0/96").Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:]))
	case b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe:
		return netip.AddrFrom4([4]byte(b[12:]))
	case netip.MustParsePrefix("::/96").Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return addr
}

// refuseOwnLink looks at an address right before a socket connects to it, after
// its name was resolved: the name may have had another address a moment earlier.
func refuseOwnLink(_, address string, _ syscall.RawConn) error {
	where, err := netip.ParseAddrPort(address)
	if err != nil || isOwnLink(where.Addr()) {
		return fmt.Errorf("%s: %w", address, errTargetLoopback)
	}
	return nil
}
