package intercept

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestTargetHost(t *testing.T) {
	for target, want := range map[string]struct {
		host string
		err  error
	}{
		"login.microsoftonline.com:443":     {"login.microsoftonline.com", nil},
		"Login.MicrosoftOnline.com.:443":    {"login.microsoftonline.com", nil},
		"my_host.internal:443":              {"my_host.internal", nil},
		"intranet:443":                      {"intranet", nil},
		"10.1.2.3:443":                      {"10.1.2.3", nil},
		"[2001:db8::1]:443":                 {"2001:db8::1", nil},
		"[2001:DB8:0::1]:443":               {"2001:db8::1", nil},
		"":                                  {"", errTargetForm},
		":443":                              {"", errTargetForm},
		"example.com":                       {"", errTargetForm},
		"example.com:https":                 {"", errTargetPort},
		"example.com:0443":                  {"", errTargetPort},
		"example.com:80":                    {"", errTargetPort},
		"example..com:443":                  {"", errTargetForm},
		"example.com/:443":                  {"", errTargetForm},
		"exämple.com:443":                   {"", errTargetForm},
		"example.com..:443":                 {"", errTargetForm},
		"127.1:443":                         {"", errTargetForm},
		"0x7f000001:443":                    {"", errTargetForm},
		"017700000001:443":                  {"", errTargetForm},
		"example.0x7f:443":                  {"", errTargetForm},
		"localhost:443":                     {"", errTargetLoopback},
		"LOCALHOST.:443":                    {"", errTargetLoopback},
		"a.localhost:443":                   {"", errTargetLoopback},
		"localhost.localdomain:443":         {"", errTargetLoopback},
		"metadata:443":                      {"", errTargetLoopback},
		"metadata.google.internal:443":      {"", errTargetLoopback},
		"instance-data.ec2.internal:443":    {"", errTargetLoopback},
		"metadata.goog:443":                 {"", errTargetLoopback},
		"METADATA.GOOG.:443":                {"", errTargetLoopback},
		"a.metadata.goog:443":               {"", errTargetLoopback},
		"api.metadata.cloud.ibm.com:443":    {"", errTargetLoopback},
		"metadata.tencentyun.com:443":       {"", errTargetLoopback},
		"metadata.azure.internal:443":       {"", errTargetLoopback},
		"metadata.example.com:443":          {"metadata.example.com", nil},
		"mymetadata.goog:443":               {"mymetadata.goog", nil},
		"[::1]:443":                         {"", errTargetLoopback},
		"[fe80::1%eth0]:443":                {"", errTargetLoopback},
		"[2001:db8::1%eth0]:443":            {"", errTargetLoopback},
		strings.Repeat("a.", 150) + "b:443": {"", errTargetForm},
	} {
		host, err := targetHost(target)
		if host != want.host || !errors.Is(err, want.err) {
			t.Errorf("%q is %q, %v; want %q, %v", target, host, err, want.host, want.err)
		}
	}
}

func TestOwnLink(t *testing.T) {
	own := []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "224.0.0.251",
		"255.255.255.255",
		"168.63.129.16", "100.100.100.200", "::", "::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "fd00:ec2::254",
		"::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:168.63.129.16", "::127.0.0.1", "64:ff9b::7f00:1",
		"64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:808:808::1",
		"64:ff9b:1::a9fe:a9fe", "64:ff9b:1:fffe::808:808", "2001:0:4136:e378:8000:63bf:5601:5601", "2001::1", "::ffff:0:169.254.169.254",
		"2001:db8::5efe:127.0.0.1", "2001:db8::200:5efe:169.254.169.254", "192.0.0.192", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe",
	}
	others := []string{"10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "8.8.8.8", "2001:4860:4860::8888", "fd00::1",
		"64:ff9b::808:808", "2001:1::1", "64:ff9b:2::1", "2001:db8::5efe:8.8.8.8", "::ffff:0:8.8.8.8", "192.0.1.1", "fd20:ce::1"}
	for _, address := range own {
		if !isOwnLink(netip.MustParseAddr(address)) {
			t.Errorf("%s is tunnelled to", address)
		}
	}
	for _, address := range others {
		if isOwnLink(netip.MustParseAddr(address)) {
			t.Errorf("%s is not tunnelled to", address)
		}
	}
}

// A name is checked by what it resolves to, at the moment of connecting: names
// of other people's can lead here. This one passes for such a name, since only
// targetHost knows it.
func TestNamesThatLeadHere(t *testing.T) {
	if _, err := (dialer{}).dial(t.Context(), "localhost"); !errors.Is(err, errTargetLoopback) {
		t.Errorf("directly: %v", err)
	}
	through := dialer{func(*http.Request) (*url.URL, error) { return &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, nil }}
	if _, err := through.dial(t.Context(), "localhost"); !errors.Is(err, errTargetLoopback) {
		t.Errorf("through a proxy: %v", err)
	}
}

func TestParentsThatFail(t *testing.T) {
	for _, scheme := range []string{"http", "https", "socks5", "ftp"} {
		nowhere := dialer{func(*http.Request) (*url.URL, error) {
			return &url.URL{Scheme: scheme, Host: "127.0.0.1:1", User: url.UserPassword("corp", "hidden")}, nil
		}}
		_, err := nowhere.dial(t.Context(), "example.invalid")
		if !errors.Is(err, errParent) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", scheme, err)
		}
	}
	broken := dialer{func(*http.Request) (*url.URL, error) { return nil, errors.New("corp:hidden@") }}
	if _, err := broken.dial(t.Context(), "example.invalid"); !errors.Is(err, errParent) ||
		strings.Contains(err.Error(), "hidden") {
		t.Errorf("no URL: %v", err)
	}
}

// A tunnel that lies still is cut.
func TestStillTunnelsAreCut(t *testing.T) {
	nearOut, near := net.Pipe()
	far, farOut := net.Pipe()
	relay(t.Context(), &bufferedConn{near, bufio.NewReader(near)}, far, time.Millisecond)
	for _, end := range []net.Conn{nearOut, farOut} {
		if _, err := end.Write([]byte("x")); err == nil {
			t.Error("one end is still open")
		}
	}
}

// Whatever is read begins the time anew: here, from an hour to nothing.
func TestBytesKeepATunnelOpen(t *testing.T) {
	begun := make(chan struct{})
	still := time.AfterFunc(time.Hour, func() { close(begun) })
	defer still.Stop()
	if _, err := io.ReadAll(&idleReader{strings.NewReader("x"), still, 0}); err != nil {
		t.Fatal(err)
	}
	<-begun
}

func FuzzTargetHost(f *testing.F) {
	for _, seed := range []string{
		"login.microsoftonline.com:443", "[::1]:443", "[fe80::1%25eth0]:443", "127.0.0.1.:443", "0x7f.1:443",
		"[::ffff:1.2.3.4]:443", "a:443:443", "localhost.:443",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, target string) {
		host, err := targetHost(target)
		if (err == nil) == (host == "") {
			t.Fatalf("%q is %q and %v", target, host, err)
		}
		if err != nil {
			return
		}
		again, err := targetHost(net.JoinHostPort(host, "443"))
		if err != nil || again != host {
			t.Fatalf("%q is %q, and that %q, %v", target, host, again, err)
		}
		if strings.ContainsAny(host, " \r\n/@%") || strings.HasSuffix(host, "localhost") {
			t.Fatalf("%q is %q", target, host)
		}
	})
}
