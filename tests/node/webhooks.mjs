// Verifies messages with the official Node SDK: for each of those that come in as JSON (secret, headers, body), whether it
// takes it.
import { readFileSync } from "node:fs";
import { ScalekitClient } from "@scalekit-sdk/node";

// The method looks at nothing of the client.
const client = Object.create(ScalekitClient.prototype);
const verdict = ({ secret, headers, body }) => {
  try {
    return client.verifyWebhookPayload(secret, headers, body);
  } catch (error) {
    return `${error.constructor.name}: ${error.message}`;
  }
};
console.log(JSON.stringify(JSON.parse(readFileSync(0)).map(verdict)));
