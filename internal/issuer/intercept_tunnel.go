package issuer

import (
	"bufio"
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// tunnelIdle is how long a tunnel may lie still in both directions.
const tunnelIdle = 10 * time.Minute

// peeked is a connection of which some bytes were read already.
type peeked struct {
	net.Conn
	reader *bufio.Reader
}

// Read implements io.Reader.
func (p *peeked) Read(b []byte) (int, error) { return p.reader.Read(b) }

// CloseWrite says that nothing more will be sent.
func (p *peeked) CloseWrite() error { return closeWrite(p.Conn) }

// closeWrite closes one direction where the connection can do that (TCP, TLS),
// and else both.
func closeWrite(conn net.Conn) error {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return conn.Close()
}

// join carries bytes between two connections until both directions ended, one
// failed, nothing moved for the time given, or ctx ended. It closes both.
func join(ctx context.Context, one, other net.Conn, idle time.Duration) {
	cut := func() {
		_ = one.Close() // whatever is wrong with them, they are of no more use
		_ = other.Close()
	}
	defer cut()
	stop := context.AfterFunc(ctx, cut)
	defer stop()
	still := time.AfterFunc(idle, cut)
	defer still.Stop()

	var directions sync.WaitGroup
	carry := func(to, from net.Conn) {
		_, err := io.Copy(to, &watched{from, still, idle})
		if err == nil {
			err = closeWrite(to) // the other direction may have more to say
		}
		if err != nil {
			cut()
		}
	}
	directions.Go(func() { carry(one, other) })
	directions.Go(func() { carry(other, one) })
	directions.Wait()
}

// watched puts a timer back whenever something is read.
type watched struct {
	from  io.Reader
	still *time.Timer
	idle  time.Duration
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.from.Read(b)
	if n > 0 {
		w.still.Reset(w.idle)
	}
	return n, err
}
