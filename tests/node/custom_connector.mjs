// A custom connector with the official Node SDK, which has no client for providers: the provider and its connection are made
// by REST, the user's account and the request by the SDK. Prints what was seen. Arguments: the server's URL, the app's.
import { ScalekitClient } from "@scalekit-sdk/node";

const { SCALEKIT_ENVIRONMENT_URL: url, SCALEKIT_CLIENT_ID: id, SCALEKIT_CLIENT_SECRET: secret } = process.env;
const [, , server, upstream] = process.argv;
const form = new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret: secret });
const { access_token: token } = await (await fetch(`${server}/oauth/token`, { method: "POST", body: form })).json();

async function rest(method, path, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return (await fetch(`${server}${path}`, { method, headers, body: JSON.stringify(body) })).json();
}

const field = { field_name: "api_key", input_type: "password", label: "Key", required: true };
const pattern = { type: "API_KEY", display_name: "Key", fields: [field], auth_header_key_override: "X-Node-Key" };
const wanted = { display_name: "Acme Node", proxy_url: `${upstream}/v1`, proxy_enabled: true, auth_patterns: [pattern] };
const { provider } = await rest("POST", "/api/v1/custom-providers", wanted);
await rest("POST", "/api/v1/connections", { provider_key: provider.identifier, type: "API_KEY", key_id: "acme-node" });

const sdk = new ScalekitClient(url, id, secret);
const listed = await sdk.connection.listAppConnections({ provider: provider.identifier });
const seen = { listed: listed.connections.map((one) => [one.keyId, one.providerKey === provider.identifier]) };
const staticAuth = { case: "staticAuth", value: { details: { api_key: "key-of-node" } } };
const account = await sdk.actions.getOrCreateConnectedAccount({
  connectionName: "acme-node", identifier: "bob", authorizationDetails: { details: staticAuth },
});
seen.account = account.connectedAccount.status;
const answer = await sdk.actions.request({ connectionName: "acme-node", identifier: "bob", path: "/things" });
const heads = Object.fromEntries(answer.data.headers);
seen.asked = [answer.status, answer.data.target, heads["x-node-key"], heads.authorization ?? null];
console.log(JSON.stringify(seen));
