// What a version of the official Node SDK makes of a token that ends under it while it calls a tool, of what is too long, of
// what takes too long for it, and of a client that is removed. Arguments: the package's name here, the binary and the data
// folder, to do that to the client at the command line; and the account that calls. Prints JSON.
import { execFileSync } from "node:child_process";

const [, , name, binary, data, account] = process.argv;
const { ScalekitClient } = await import(name);
const { SCALEKIT_ENVIRONMENT_URL: url, SCALEKIT_CLIENT_ID: id, SCALEKIT_CLIENT_SECRET: secret } = process.env;
const sdk = new ScalekitClient(url, id, secret);
const operator = (...verb) => execFileSync(binary, ["--data", data, "client", ...verb, id]);
const mail = { to: "ada@example.com", subject: "held", body: "once" };
const send = () => sdk.tools.executeTool({ toolName: "gmail_send_message", connectedAccountId: account, params: mail });

async function raised(call) {
  try {
    return { class: null, execution: (await call()).executionId };
  } catch (error) {
    return { class: error.constructor.name, code: error.errorCode, text: error.message };
  }
}

// It has no token before it was refused once.
await sdk.tools.listTools({ pageSize: 1 });
operator("expire");
const seen = { ended: await raised(send) };
const long = { connectionName: "MY_GMAIL", identifier: "held", apiConfig: { words: "x".repeat(1_100_000) } };
seen.too_long = await raised(() => sdk.actions.updateConnectedAccount(long));
// An older one waits as long as it takes.
if (ScalekitClient.length > 3) {
  const hurried = new ScalekitClient(url, id, secret, { timeoutMs: 1 });
  seen.too_late = await raised(() => hurried.connection.listAppConnections());
}
operator("delete");
seen.removed = await raised(send);
console.log(JSON.stringify(seen));
