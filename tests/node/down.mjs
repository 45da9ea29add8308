// What the official Node SDK raises when the server's database goes away under it, and what it gets when it is back. Says when
// it is ready, and goes on at a line of standard input: once with the database down, once with it back.
import { createInterface } from "node:readline";
import { ScalekitClient } from "@scalekit-sdk/node";

const { SCALEKIT_ENVIRONMENT_URL: url, SCALEKIT_CLIENT_ID: id, SCALEKIT_CLIENT_SECRET: secret } = process.env;
const sdk = new ScalekitClient(url, id, secret);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function raised() {
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  try {
    await sdk.connection.listAppConnections();
    return { class: null };
  } catch (error) {
    return { class: error.constructor.name, code: error.errorCode, text: error.message, seconds: seconds() };
  }
}

const seen = { before: await raised() };
console.log("ready");
await lines.next();
seen.down = await raised();
console.log("ready");
await lines.next();
seen.back = await raised();
console.log(JSON.stringify(seen));
process.exit();
