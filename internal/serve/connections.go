package serve

import (
	"log/slog"
	"net"
	"sync"
	"time"
)

// DefaultMaxConnections is how many connections a [Server] has open at once.
const DefaultMaxConnections = 4096

// limitListener accepts no more connections while limit of them are open. The kernel
// queues further ones; the time-outs of the open ones make room for them.
type limitListener struct {
	net.Listener
	log   *slog.Logger
	limit int
	slots chan struct{}
	done  chan struct{} // closed by Close
	once  sync.Once
	// warned is when the limit was last logged.
	warned time.Time
}

func newLimitListener(l net.Listener, limit int, log *slog.Logger) *limitListener {
	return &limitListener{Listener: l, log: log, limit: limit, slots: make(chan struct{}, limit), done: make(chan struct{})}
}

// Accept implements net.Listener.
func (l *limitListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	default:
		l.warn()
		select {
		case l.slots <- struct{}{}:
		case <-l.done:
			return nil, net.ErrClosed
		}
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	release := sync.OnceFunc(func() { <-l.slots })
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &limitedTCPConn{tcp, release}, nil
	}
	return &limitedConn{conn, release}, nil
}

// warn writes at most one line a minute. Accept is called by one goroutine.
func (l *limitListener) warn() {
	if now := time.Now(); now.Sub(l.warned) >= time.Minute {
		l.warned = now
		l.log.Warn("connection limit reached: new connections wait until others close", "limit", l.limit)
	}
}

// Close implements net.Listener.
func (l *limitListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// limitedConn frees its place when it is closed.
type limitedConn struct {
	net.Conn
	release func()
}

// Close implements net.Conn.
func (c *limitedConn) Close() error {
	c.release()
	return c.Conn.Close()
}

// limitedTCPConn is limitedConn with the other methods of a TCP connection, for which
// net/http looks: CloseWrite and ReadFrom.
type limitedTCPConn struct {
	*net.TCPConn
	release func()
}

// Close implements net.Conn.
func (c *limitedTCPConn) Close() error {
	c.release()
	return c.TCPConn.Close()
}
