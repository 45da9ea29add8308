// The official Node SDK over TLS: its token call offers no ALPN at all, its gRPC calls offer h2. Prints what it saw.
import { ScalekitClient } from "@scalekit-sdk/node";

const { SCALEKIT_ENVIRONMENT_URL: url, SCALEKIT_CLIENT_ID: id, SCALEKIT_CLIENT_SECRET: secret } = process.env;
const [, , identifier] = process.argv;
const sdk = new ScalekitClient(url, id, secret);
const seen = {};

async function raised(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { class: error.constructor.name, code: error.errorCode, status: error.response?.status ?? error.httpStatus };
  }
}

const apps = await sdk.connection.listAppConnections();
seen.connections = apps.connections.map((connection) => [connection.keyId, connection.providerKey]);
const account = await sdk.actions.getOrCreateConnectedAccount({ connectionName: "MY_GMAIL", identifier });
seen.account = [account.connectedAccount.identifier, account.connectedAccount.status];
const link = await sdk.actions.getAuthorizationLink({ connectionName: "MY_GMAIL", identifier });
seen.link = link.link;
const unknown = { connectionName: "NONE", identifier };
seen.unknown = await raised(() => sdk.actions.getConnectedAccount(unknown));
seen.wrongSecret = await raised(() => new ScalekitClient(url, id, "wrong").connection.listAppConnections());
console.log(JSON.stringify(seen));
