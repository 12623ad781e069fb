// An MCP server for the tests of m2m serve --upstream: one tool, and one that reports
// its progress in a stream. It checks no token: the gate in front of it does.
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

function newServer() {
  const server = new McpServer({ name: "stock", version: "1.0.0" });
  server.registerTool("add", { description: "adds", inputSchema: { a: z.number(), b: z.number() } },
    async ({ a, b }) => ({ content: [{ type: "text", text: String(a + b) }] }));
  server.registerTool("count", { description: "counts, slowly", inputSchema: {} }, async (_, { _meta, sendNotification }) => {
    for (let n = 1; n <= 3; n++) {
      await new Promise((done) => setTimeout(done, 100));
      await sendNotification({ method: "notifications/progress", params: { progressToken: _meta.progressToken, progress: n } });
    }
    return { content: [{ type: "text", text: "counted" }] };
  });
  return server;
}

const sessions = new Map();
const http = createServer(async (request, response) => {
  if (request.headers.authorization) { // the gate keeps the token to itself
    response.writeHead(500).end();
    return;
  }
  let transport = sessions.get(request.headers["mcp-session-id"]);
  if (!transport) {
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => sessions.set(id, transport),
    });
    await newServer().connect(transport);
  }
  await transport.handleRequest(request, response);
});
http.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${http.address().port}`));
