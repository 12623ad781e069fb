package probe

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"m2m/internal/probe/forge"
)

// The messages of the Model Context Protocol, revision 2025-06-18 (transports:
// Streamable HTTP).
const (
	mcpInitialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},` +
		`"clientInfo":{"name":"m2m-probe","version":"1"}}}`
	mcpInitialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
	mcpList        = `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`

	mcpSessionField = "Mcp-Session-Id"
	mcpVersionField = "Mcp-Protocol-Version"
)

// MCPRequest is the method, the header fields and the content of a request that
// begins a session.
func MCPRequest() (method string, header http.Header, body []byte) {
	return http.MethodPost, http.Header{
		"Accept": {"application/json, text/event-stream"}, "Content-Type": {"application/json"},
	}, []byte(mcpInitialize)
}

// mcpRequest is the request of the baseline, with the caller's header fields.
func mcpRequest(target *url.URL, given http.Header) forge.Request {
	method, header, body := MCPRequest()
	for name, values := range given {
		if header.Get(name) == "" {
			header[name] = values
		}
	}
	return forge.NewRequest(method, target, header, body)
}

// mcpSession is one that the valid token opened.
type mcpSession struct {
	id, version string
	open        *Result // the finding that tools/list needs no token in it; nil if it does
}

const fixSession = "check the token of every request: the ID of a session is not a credential; MCP, " +
	"Security Best Practices, session hijacking"

// list returns the request of a case as a tools/list, and whether that is another
// request: some cases send content of their own, or ask for something else.
func (s *mcpSession) list(c forge.Case, r, base forge.Request) (forge.Request, bool) {
	if s == nil || s.open != nil || c.Flaw != nil || !r.SameContent(base) {
		return r, false
	}
	return s.with(r, mcpList), true
}

func (s *mcpSession) with(r forge.Request, message string) forge.Request {
	if s.id != "" {
		r = r.WithField(mcpSessionField, s.id)
	}
	return r.WithField(mcpVersionField, s.version).WithContent([]byte(message))
}

// openSession opens a session with the valid token, in which the forgeries then ask
// for the tools: a server may check the token at the beginning of one alone.
func (p *run) openSession(ctx context.Context) error {
	if !p.config.MCP {
		return nil
	}
	a, err := p.send(ctx, p.valid)
	if err != nil {
		return err
	}
	if err := p.checkValid(a); err != nil {
		return err
	}
	var opened struct {
		Result struct{ ProtocolVersion string }
	}
	_ = json.Unmarshal(rpcResponse(a.body), &opened) // what has no version is seen here
	if opened.Result.ProtocolVersion == "" {
		return stop(ErrNoBaseline, nil, "the answer to initialize is not one of MCP: it has no protocolVersion")
	}
	p.mcp = &mcpSession{id: a.header.Get(mcpSessionField), version: opened.Result.ProtocolVersion}
	for _, message := range []string{mcpInitialized, mcpList} {
		a, err := p.send(ctx, p.mcp.with(p.valid, message))
		if err != nil {
			return err
		}
		if err := p.checkValid(a); err != nil {
			return err
		}
	}
	return p.checkSession(ctx)
}

// checkSession asks for the tools without a token: in the session, and without one.
// Where that works, a forgery there would say nothing more.
func (p *run) checkSession(ctx context.Context) error {
	alone := *p.mcp
	alone.id = ""
	c := forge.Case{
		Name: "mcp-session", Family: forge.NoToken, Tries: "tools/list without a token, in the session of the valid one",
		Safe: "401 or 400", Fix: fixSession,
	}
	for _, step := range []struct {
		risk    forge.Risk
		tries   string
		session *mcpSession
	}{
		{forge.AnybodyIn, "tools/list without a token and without a session", &alone},
		{forge.OldToken, c.Tries, p.mcp},
	} {
		a, err := p.send(ctx, step.session.with(p.none, mcpList))
		if err != nil {
			return err
		}
		if a.ok() {
			c.Risk, c.Tries = step.risk, step.tries
			p.mcp.open = &Result{
				Case: c, Outcome: Finding, Risk: c.Risk, Fix: c.Fix, Status: a.status, Got: "tools/list: " + statusText(a.status), Took: a.took,
			}
			return nil
		}
	}
	return nil
}

// isRPCError reports whether an answer is an error of JSON-RPC.
func isRPCError(body []byte) bool {
	var response struct{ Result, Error json.RawMessage }
	return json.Unmarshal(rpcResponse(body), &response) == nil && response.Error != nil && response.Result == nil
}

// rpcResponse returns the response of JSON-RPC in an answer, which may be an event
// stream.
func rpcResponse(body []byte) []byte {
	if bytes.HasPrefix(body, []byte("{")) {
		return body
	}
	for line := range bytes.Lines(body) {
		if isResponse(string(line)) {
			return bytes.TrimSpace(line[len("data:"):])
		}
	}
	return nil
}

// isResponse reports whether a line of an event stream holds a response: servers
// may send other events first.
func isResponse(line string) bool {
	data, found := strings.CutPrefix(line, "data:")
	var response struct{ Result, Error json.RawMessage }
	return found && json.Unmarshal([]byte(data), &response) == nil && (response.Result != nil || response.Error != nil)
}

// readBody reads the content of an answer; of an event stream no more than what
// ends with a response, because the server may hold it open.
func readBody(response *http.Response) ([]byte, error) {
	kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "text/event-stream") {
		return io.ReadAll(response.Body)
	}
	var body bytes.Buffer
	for reader := bufio.NewReader(response.Body); ; {
		line, err := reader.ReadString('\n')
		body.WriteString(line)
		if err == io.EOF || isResponse(line) {
			return body.Bytes(), nil
		}
		if err != nil {
			return body.Bytes(), err
		}
	}
}
