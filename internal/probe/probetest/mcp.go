package probetest

import (
	"encoding/json"
	"io"
	"net/http"
)

// MCP is a server of the Model Context Protocol at /stock that checks each request
// as the gate does, but for what its fields say.
type MCP struct {
	issuer *Issuer
	// Stream answers with event streams that stay open, InBody rejects with errors of
	// JSON-RPC and the status 200.
	Stream, InBody bool
	// TrustSession takes the ID of a session for a token; OpenList needs neither for
	// tools/list. LooseInitialize and LooseList take any token for that method.
	TrustSession, OpenList, LooseInitialize, LooseList bool
}

// NewMCP makes a correct server.
func NewMCP(issuer *Issuer) *MCP { return &MCP{issuer: issuer} }

// mcpSessionID is that of every session.
const mcpSessionID = "5f1d7c5e0b3a4f6e9d8c"

// ServeHTTP implements http.Handler.
func (m *MCP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.RequestURI != "/stock" {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var message struct {
		ID     any
		Method string
	}
	_ = json.Unmarshal(body, &message) // what is not JSON has no method
	if status := m.check(r, message.Method); status != 0 {
		if m.InBody {
			m.answer(w, r, map[string]any{"jsonrpc": "2.0", "id": message.ID, "error": map[string]any{"code": -32001, "message": "no"}})
			return
		}
		http.Error(w, "no", status)
		return
	}
	result := map[string]any{"tools": []any{map[string]any{"name": "count"}}}
	switch message.Method {
	case "initialize":
		w.Header().Set("Mcp-Session-Id", mcpSessionID)
		result = map[string]any{"protocolVersion": "2025-06-18", "capabilities": map[string]any{}}
	case "notifications/initialized":
		w.WriteHeader(http.StatusAccepted)
		return
	case "tools/list":
		if r.Header.Get("Mcp-Session-Id") != mcpSessionID && !m.OpenList {
			http.Error(w, "no session", http.StatusBadRequest)
			return
		}
	default:
		http.Error(w, "no such method", http.StatusBadRequest)
		return
	}
	m.answer(w, r, map[string]any{"jsonrpc": "2.0", "id": message.ID, "result": result})
}

// check returns the status to reject a request with, or 0.
func (m *MCP) check(r *http.Request, method string) int {
	switch {
	case m.TrustSession && r.Header.Get("Mcp-Session-Id") == mcpSessionID,
		m.LooseInitialize && method == "initialize" && r.Header.Get("Authorization") != "",
		m.LooseList && method == "tools/list" && r.Header.Get("Authorization") != "",
		m.OpenList && method == "tools/list":
		return 0
	}
	token, status := bearer(r)
	if status == 0 && (&Gate{m.issuer}).verify(token) != nil {
		status = http.StatusUnauthorized
	}
	return status
}

func (m *MCP) answer(w http.ResponseWriter, r *http.Request, message any) {
	text, _ := json.Marshal(message) // maps of strings always encode
	if !m.Stream {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, "id: 0\ndata: \n\n: a comment\n\nevent: message\ndata: "+string(text)+"\n\n")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}
