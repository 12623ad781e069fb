package probetest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"
)

// action is what a naive server does before net/http reads the request.
type action int

const (
	proceed action = iota
	let
	fail
)

// rawHoles are in servers that parse HTTP themselves: net/http rejects or corrects
// what these accept or fail at.
func rawHoles() []Hole {
	on := func(name, pattern string, v action) Hole {
		head := regexp.MustCompile(pattern)
		return Hole{Name: name, wire: func(_ *Gate, request string) action {
			if head.MatchString(request) {
				return v
			}
			return proceed
		}}
	}
	return []Hole{
		on("scheme-space", `\nAuthorization: Bearer \r`, let),
		on("line-end", `\nAuthorization: Bearer m2m\.\n`, fail),
		on("nul", "\x00", fail),
		on("smuggled-space", `\nX-Forwarded-User : `, let),
		on("smuggled-line-feed", `[^\r]\nX-Forwarded-User: `, let),
		on("smuggled-return", `\rX-Forwarded-User: `, let),
		on("smuggled-fold", `\r\n X-Forwarded-User: `, let),
		on("value-folded", `\nAuthorization: Bearer\r\n `, fail),
		on("value-spaces", `\nAuthorization:   Bearer`, fail),
		on("name-lower", `\nauthorization:`, fail),
		{Name: "name-space", wire: func(g *Gate, request string) action { // trims names as it trims values
			_, rest, found := strings.Cut(request, "\nAuthorization : Bearer ")
			token, _, _ := strings.Cut(rest, "\r")
			if found && g.verify(token) == nil {
				return let
			}
			return proceed
		}},
	}
}

// Serve answers requests until the listener is closed.
func (a *API) Serve(listener net.Listener) error {
	if a.hole.wire == nil {
		server := &http.Server{
			Handler: a, MaxHeaderBytes: 8 << 20, // for the holes about size
			ErrorLog: log.New(io.Discard, "", 0),
		}
		return server.Serve(listener)
	}
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err == nil {
			go a.serveConn(conn)
		}
	}
}

// serveConn answers one request, as naive servers do.
func (a *API) serveConn(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	var head bytes.Buffer
	buffer := make([]byte, 64<<10)
	for !bytes.Contains(head.Bytes(), []byte("\r\n\r\n")) {
		n, err := conn.Read(buffer)
		if head.Write(buffer[:n]); err != nil {
			break
		}
	}
	answer := httptest.NewRecorder()
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head.Bytes())))
	switch v := a.hole.wire(a.gate, head.String()); {
	case v == let:
		writeContent(answer)
	case v == fail:
		http.Error(answer, "internal server error", http.StatusInternalServerError)
	case err != nil:
		http.Error(answer, "bad request", http.StatusBadRequest)
	default:
		a.ServeHTTP(answer, request)
	}
	_ = answer.Result().Write(conn)
}
