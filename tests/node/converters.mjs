// What the Vercel AI SDK sends to model vendors for the tools at one URL. Nothing leaves: the vendors' answers are ours.
// Prints JSON, by vendor and tool: the schema of the arguments as it would be sent.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createMCPClient } from "@ai-sdk/mcp";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText } from "ai";

const [url, token] = process.argv.slice(2);
const headers = token ? { authorization: `Bearer ${token}` } : {};
const client = await createMCPClient({ transport: { type: "http", url, headers } });
const tools = await client.tools();

async function sent(model) {
  let body;
  const fetch = async (_, request) => {
    body = JSON.parse(request.body);
    return new Response("{}", { status: 400, headers: { "content-type": "application/json" } });
  };
  await generateText({ model: model(fetch), tools, prompt: "x", maxRetries: 0 }).catch((failure) => {
    if (!body) throw failure;
  });
  return body.tools;
}

const given = { apiKey: "none-needed" };
const google = await sent((fetch) => createGoogleGenerativeAI({ ...given, fetch })("gemini-2.5-pro"));
const openai = await sent((fetch) => createOpenAI({ ...given, fetch })("gpt-4.1"));
const anthropic = await sent((fetch) => createAnthropic({ ...given, fetch })("claude-sonnet-4-5"));
// Google's declaration of a tool without arguments has no parameters at all.
const none = { type: "object", properties: {} };
const by = (list, schema) => Object.fromEntries(list.map((tool) => [tool.name, tool[schema] ?? none]));
const declared = google.flatMap?.((one) => one.functionDeclarations) ?? google.functionDeclarations;
console.log(JSON.stringify({
  google: by(declared, "parameters"), openai: by(openai, "parameters"), anthropic: by(anthropic, "input_schema"),
}));
await client.close();
