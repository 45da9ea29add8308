// An agent of Vercel's AI SDK or of Mastra, given nothing but a user's URL: node frameworks.mjs FRAMEWORK URL. Prints its last
// words. The model is whatever OPENAI_BASE_URL serves.
import { createOpenAI } from "@ai-sdk/openai";

const [framework, url] = process.argv.slice(2);
const prompt = "Get my latest email and create a calendar reminder in the next 15 minutes.";
const model = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL }).chat("gpt-4.1");

async function vercel() {
  const { generateText, stepCountIs } = await import("ai");
  const { createMCPClient } = await import("@ai-sdk/mcp");
  const client = await createMCPClient({ transport: { type: "http", url } });
  const { text } = await generateText({ model, tools: await client.tools(), prompt, stopWhen: stepCountIs(5) });
  await client.close();
  return text;
}

async function mastra() {
  const { Agent } = await import("@mastra/core/agent");
  const { MCPClient } = await import("@mastra/mcp");
  const client = new MCPClient({ servers: { own: { url: new URL(url) } } });
  const named = Object.entries(await client.listTools()).map(([name, tool]) => [name.replace(/^own_/, ""), tool]);
  const agent = new Agent({ name: "reminders", instructions: "Help.", model, tools: Object.fromEntries(named) });
  const { text } = await agent.generate(prompt, { maxSteps: 5 });
  await client.disconnect();
  return text;
}

console.log(await { vercel, mastra }[framework]());
