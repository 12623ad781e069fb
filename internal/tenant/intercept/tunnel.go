package intercept

import (
	"bufio"
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// tunnelIdle is how long a tunnel may carry nothing in both directions.
const tunnelIdle = 10 * time.Minute

// bufferedConn is a connection of which some bytes were read into a buffer.
type bufferedConn struct {
	net.Conn
	reader *bufio.Reader
}

// Read implements io.Reader.
func (p *bufferedConn) Read(b []byte) (int, error) { return p.reader.Read(b) }

// CloseWrite ends what is sent.
func (p *bufferedConn) CloseWrite() error { return closeWrite(p.Conn) }

// closeWrite closes one direction where the connection can do that (TCP, TLS),
// and else both.
func closeWrite(conn net.Conn) error {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return conn.Close()
}

// relay carries bytes between two connections until both directions have ended,
// one failed, nothing was carried for the time given, or ctx ended. It closes
// both.
func relay(ctx context.Context, one, other net.Conn, idle time.Duration) {
	closeBoth := func() {
		_ = one.Close() // an error changes nothing
		_ = other.Close()
	}
	defer closeBoth()
	stop := context.AfterFunc(ctx, closeBoth)
	defer stop()
	timer := time.AfterFunc(idle, closeBoth)
	defer timer.Stop()

	var directions sync.WaitGroup
	carry := func(to, from net.Conn) {
		_, err := io.Copy(to, &idleReader{from, timer, idle})
		if err == nil {
			err = closeWrite(to) // the other direction may go on
		}
		if err != nil {
			closeBoth()
		}
	}
	directions.Go(func() { carry(one, other) })
	directions.Go(func() { carry(other, one) })
	directions.Wait()
}

// idleReader restarts a timer whenever something is read.
type idleReader struct {
	from  io.Reader
	timer *time.Timer
	idle  time.Duration
}

func (w *idleReader) Read(b []byte) (int, error) {
	n, err := w.from.Read(b)
	if n > 0 {
		w.timer.Reset(w.idle)
	}
	return n, err
}
