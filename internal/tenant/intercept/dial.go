package intercept

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/net/proxy"

	"m2m/internal/text"
	"m2m/internal/transport"
)

// Bounds of the connection to a tunnel's other end.
const (
	tunnelDialTimeout = 20 * time.Second
	maxParentAnswer   = 64 << 10
)

// errParent means that the proxy which this machine uses failed.
var errParent = errors.New("the parent proxy failed")

// dialer opens the connections of tunnels.
type dialer struct {
	parent func(*http.Request) (*url.URL, error)
}

// dial connects to port 443 of a host: directly, or through the parent's proxy
// where there is one for that host. The error wraps errTargetLoopback where the
// host turns out to be this machine, errParent where the proxy is at fault.
func (d dialer) dial(ctx context.Context, host string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, tunnelDialTimeout)
	defer cancel()
	address := net.JoinHostPort(host, "443")
	parent, err := d.parentFor(ctx, address)
	if err != nil {
		return nil, err
	}
	if parent == nil {
		direct := net.Dialer{Control: refuseOwnLink}
		return direct.DialContext(ctx, "tcp", address)
	}
	if err := resolvesElsewhere(ctx, host); err != nil {
		return nil, err
	}
	switch parent.Scheme {
	case "socks5", "socks5h":
		return dialSOCKS(ctx, parent, address)
	case "http", "https":
		return dialConnect(ctx, parent, address)
	}
	return nil, fmt.Errorf("%w: its scheme is %s; http, https and socks5 are known", errParent, text.Quote(parent.Scheme))
}

func (d dialer) parentFor(ctx context.Context, address string) (*url.URL, error) {
	if d.parent == nil {
		return nil, nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodConnect, "https://"+address, nil)
	if err != nil {
		return nil, errTargetForm
	}
	parent, err := d.parent(request)
	if err != nil {
		return nil, fmt.Errorf("%w: its address does not parse", errParent) // which may hold a password
	}
	return parent, nil
}

// resolvesElsewhere asks for a name's addresses before a parent proxy does. A
// name that this machine does not know is the parent's to resolve.
func resolvesElsewhere(ctx context.Context, host string) error {
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err == nil && slices.ContainsFunc(found, isOwnLink) {
		return errTargetLoopback
	}
	return nil
}

func dialSOCKS(ctx context.Context, parent *url.URL, address string) (net.Conn, error) {
	var forward net.Dialer
	through, err := proxy.FromURL(parent, &forward)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errParent, err)
	}
	socks, ok := through.(proxy.ContextDialer)
	if !ok {
		return nil, errParent
	}
	conn, err := socks.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errParent, err)
	}
	return conn, nil
}

// dialConnect asks an HTTP proxy for a tunnel.
func dialConnect(ctx context.Context, parent *url.URL, address string) (net.Conn, error) {
	conn, err := dialProxy(ctx, parent)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errParent, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	reader, err := askForTunnel(conn, parent.User, address)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", errParent, err), conn.Close())
	}
	return &bufferedConn{Conn: conn, reader: reader}, nil
}

// dialProxy connects to the proxy itself, which may well be on this machine.
func dialProxy(ctx context.Context, parent *url.URL) (net.Conn, error) {
	port := map[string]string{"http": "80", "https": "443"}[parent.Scheme]
	address := net.JoinHostPort(parent.Hostname(), cmp.Or(parent.Port(), port))
	conn, err := transport.DialContext(new(net.Dialer))(ctx, "tcp", address)
	if err != nil || parent.Scheme != "https" {
		return conn, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: parent.Hostname(), MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secure, nil
}

// askForTunnel sends the request and returns what the tunnel is read from: a
// proxy may send the first bytes of the other end along with its answer.
func askForTunnel(conn net.Conn, user *url.Userinfo, address string) (*bufio.Reader, error) {
	request := &http.Request{
		Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{"User-Agent": {"m2m"}},
	}
	if user != nil {
		password, _ := user.Password()
		basic := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		request.Header.Set("Proxy-Authorization", "Basic "+basic)
	}
	if err := request.Write(conn); err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: conn, N: maxParentAnswer}
	reader := bufio.NewReader(limited)
	answer, err := http.ReadResponse(reader, request)
	if err != nil {
		return nil, fmt.Errorf("its answer to CONNECT cannot be read: %w", err)
	}
	if answer.StatusCode/100 != 2 {
		return nil, fmt.Errorf("it answered CONNECT with HTTP %d", answer.StatusCode)
	}
	limited.N = 1<<63 - 1 // the bound was for the answer
	return reader, nil
}
