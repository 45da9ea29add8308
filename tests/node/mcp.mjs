// The official TypeScript clients at one URL, in their own words: node mcp.mjs 1|2 URL CALLS. Prints JSON.
import * as second from "@modelcontextprotocol/client";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [generation, url, calls] = process.argv.slice(2);
const about = { name: "valetkey-tests", version: "1" };

function opened() {
  if (generation === "1") return [new FirstClient(about), new FirstTransport(new URL(url))];
  const client = new second.Client(about, { versionNegotiation: { mode: "auto" } });
  return [client, new second.StreamableHTTPClientTransport(new URL(url))];
}

async function call(client, name, args) {
  try {
    const answer = await client.callTool({ name, arguments: args });
    return { is_error: answer.isError, text: answer.content.map((part) => part.text).join("\n") };
  } catch (error) {
    return { code: error.code, text: error.message };
  }
}

const [client, transport] = opened();
await client.connect(transport);
const seen = {
  version: generation === "1" ? transport.protocolVersion : client.getNegotiatedProtocolVersion(),
  instructions: client.getInstructions(),
  tools: (await client.listTools()).tools.map((tool) => tool.name),
  calls: [],
};
for (const [name, args] of JSON.parse(calls)) seen.calls.push(await call(client, name, args));
console.log(JSON.stringify(seen));
await client.close();
