// `actions.request` of the official Node SDK, against an app that echoes; prints what came back. The first call of a new
// client carries no token: a 401 of ours, after which the app gets one by any other call.
import { ScalekitClient } from "@scalekit-sdk/node";

const { SCALEKIT_ENVIRONMENT_URL: url, SCALEKIT_CLIENT_ID: id, SCALEKIT_CLIENT_SECRET: secret } = process.env;
const sdk = new ScalekitClient(url, id, secret);
const seen = {};

async function ask(path, more = {}) {
  try {
    const answer = await sdk.actions.request({ connectionName: "MAIL", identifier: "ann", path, ...more });
    return { status: answer.status, body: answer.data, ours: answer.headers["x-valetkey-error"] ?? null };
  } catch (error) {
    return { class: error.constructor.name, status: error.httpStatus, text: error.errDetails?.message ?? null };
  }
}

seen.cold = await ask("/echo");
await sdk.connection.listAppConnections();
seen.query = await ask("echo", { queryParams: { a: 1 } });
seen.json = await ask("/echo", { method: "post", body: { n: 1 } });
seen.nobody = await ask("/echo", { identifier: "bob" });
console.log(JSON.stringify(seen));
