// A remote MCP server that asks its user, by the protocol's own TypeScript SDK: node asking.mjs PORT.
import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { McpServer, createMcpHandler, inputRequired } from "@modelcontextprotocol/server";
import { z } from "zod";

function made() {
  const server = new McpServer({ name: "asking", version: "1" });
  server.registerTool("deploy", { description: "Deploys.", inputSchema: z.object({ env: z.string() }) }, async ({ env }, ctx) => {
    const told = ctx.mcpReq.inputResponses?.confirm;
    if (told) return { content: [{ type: "text", text: JSON.stringify([env, told, ctx.mcpReq.requestState?.() ?? null]) }] };
    const schema = {
      type: "object",
      properties: {
        confirm: { type: "boolean", title: "Sure?" },
        region: { type: "string", oneOf: [{ const: "eu", title: "Europe" }, { const: "us", title: "America" }], default: "eu" },
      },
      required: ["confirm"],
    };
    const confirm = inputRequired.elicit({ message: `Deploy to ${env}?`, requestedSchema: schema });
    return inputRequired({ inputRequests: { confirm }, requestState: "kept" });
  });
  return server;
}

createServer(toNodeHandler(createMcpHandler(made))).listen(Number(process.argv[2]), "127.0.0.1");
