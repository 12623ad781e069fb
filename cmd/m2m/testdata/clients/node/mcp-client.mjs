// An unmodified MCP client behind m2m serve --local --upstream: it finds the metadata,
// acquires a token, lists the tools, calls one, and holds a stream.
// mcp-client.mjs sdk | client
let library, provider;
const { API_URL, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, API_SCOPE: scope, M2M_ISSUER: expectedIssuer } = process.env;
if (process.argv[2] === "sdk") { // version 1 takes no scope from the server
  library = {
    ...await import("@modelcontextprotocol/sdk/client/index.js"),
    ...await import("@modelcontextprotocol/sdk/client/streamableHttp.js"),
    ...await import("@modelcontextprotocol/sdk/client/auth-extensions.js"),
  };
  provider = new library.ClientCredentialsProvider({ clientId, clientSecret, scope, expectedIssuer });
} else { // version 2 is given URL, issuer, client and secret, and nothing else
  library = await import("@modelcontextprotocol/client");
  provider = new library.ClientCredentialsProvider({ clientId, clientSecret, expectedIssuer });
}
const client = new library.Client({ name: "shown", version: "1.0.0" });
await client.connect(new library.StreamableHTTPClientTransport(new URL(API_URL + "/mcp"), { authProvider: provider }));
const { tools } = await client.listTools();
console.log("tools:", tools.map((tool) => tool.name).sort().join(" "));
const sum = await client.callTool({ name: "add", arguments: { a: 40, b: 2 } });
console.log("add:", sum.content[0].text);
const seen = [];
const onprogress = ({ progress }) => seen.push(progress);
const counted = process.argv[2] === "sdk"
  ? await client.callTool({ name: "count", arguments: {} }, undefined, { onprogress })
  : await client.callTool({ name: "count", arguments: {} }, { onprogress });
console.log("count:", seen.join(" "), counted.content[0].text);
await client.close();
process.exit(0);
