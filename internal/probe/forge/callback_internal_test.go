package forge

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWhoCame sends the first bytes of several protocols to the listener, after
// three cases have named it, and reads until it hangs up.
func TestWhoCame(t *testing.T) {
	k := &Kit{now: time.Now}
	if err := k.makeKeys(nil); err != nil {
		t.Fatal(err)
	}
	names := []string{"jku", "x5u", "kid-jndi"}
	get := func(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" }
	for _, tt := range []struct {
		name, sent string
		want       []string
	}{
		{"the latest", get("/kid-jndi/keys"), []string{"kid-jndi"}},
		{"a case that is over", get("/jku/keys"), []string{"jku"}},
		{"a discovery document", get("/x5u/.well-known/openid-configuration"), []string{"x5u"}},
		{"an address that nobody named", get("/favicon.ico"), []string{"kid-jndi"}},
		{"TLS, of which no line ends", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", []string{"kid-jndi"}},
		{"LDAP", "0\f\x02\x01\x01`\a\x02\x01\x03\x04\x00\x80\x00", []string{"kid-jndi"}},
		{"a connection and no more", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			listener, err := loopback()
			if err != nil {
				t.Fatal(err)
			}
			c := newCallback(listener, k.ownJWK(ownKID), k.certificate)
			for _, name := range names {
				c.urlFor("http", name)
			}
			speak(t, listener.Addr().String(), tt.sent)
			if err := c.close(); err != nil {
				t.Error(err)
			}
			var came []string
			for _, name := range names {
				if c.wasFetched(name) {
					came = append(came, name)
				}
			}
			if diff := cmp.Diff(tt.want, came); diff != "" {
				t.Errorf("who came (-want +got):\n%s", diff)
			}
		})
	}
}

// speak connects, sends and reads to the end; it waits for nothing if it has
// nothing to say.
func speak(t *testing.T, address, text string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if text == "" {
		return
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Fatal(err)
	}
}
