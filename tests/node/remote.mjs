// A client that speaks over stdio alone, as Claude Desktop does, through mcp-remote: node remote.mjs URL CALLS. Prints JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { fileURLToPath } from "node:url";

const [url, calls] = process.argv.slice(2);
const proxy = fileURLToPath(new URL("node_modules/mcp-remote/dist/proxy.js", import.meta.url));
const client = new Client({ name: "valetkey-tests", version: "1" });
// mcp-remote lets no other clear-text host through than this machine's without the flag.
await client.connect(new StdioClientTransport({ command: process.execPath, args: [proxy, url, "--allow-http"] }));
const seen = { tools: (await client.listTools()).tools.map((tool) => tool.name), calls: [] };
for (const [name, args] of JSON.parse(calls)) {
  const answer = await client.callTool({ name, arguments: args });
  seen.calls.push({ is_error: answer.isError, text: answer.content.map((part) => part.text).join("\n") });
}
console.log(JSON.stringify(seen));
await client.close();
