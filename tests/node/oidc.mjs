// oidc-provider as strict as it can be, and beside it an API that takes its access tokens. For tests only.
//
// node oidc.mjs PORT STATE_FILE CLIENT_ID CLIENT_SECRET REDIRECT_URI
// Whoever signs in with an address for a name has that as a verified one, unless it begins with "unverified".
// What it knows is kept in STATE_FILE, so that one that was killed goes on where it was.
// Under /test are what a test asks (GET counts, live/USER) and what it makes happen (POST ttl/SECONDS, end-access,
// end-grants, grace/SECONDS: for so long a refresh token that was used is taken again, and pair/ID: a client that says who it
// is by what it signs, its key of P-256 if the id ends so).
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, stateFile, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const state = existsSync(stateFile)
  ? JSON.parse(readFileSync(stateFile, "utf8"))
  : { stored: {}, notes: {}, ttl: 3600, counts: { granted: {}, refused: [], revoked: 0 } };
const keep = () => writeFileSync(stateFile, JSON.stringify(state));
const now = () => Math.floor(Date.now() / 1000);

/** oidc-provider's storage: one object, written out at every change. */
class Adapter {
  constructor(model) {
    this.prefix = `${model}:`;
  }
  async upsert(id, payload, expiresIn) {
    state.stored[this.prefix + id] = { ...payload, ends: expiresIn ? now() + expiresIn : null };
    keep();
  }
  async find(id) {
    const found = state.stored[this.prefix + id];
    // With a grace period a refresh token that was just used is as good as new, as some providers have it.
    return found?.consumed > now() - (state.grace ?? 0) ? { ...found, consumed: undefined } : found;
  }
  async findByUid(uid) {
    return Object.entries(state.stored).find(([key, one]) => key.startsWith(this.prefix) && one.uid === uid)?.[1];
  }
  async findByUserCode() {
    return undefined;
  }
  async consume(id) {
    state.stored[this.prefix + id].consumed = now();
    keep();
  }
  async destroy(id) {
    delete state.stored[this.prefix + id];
    keep();
  }
  async revokeByGrantId(grantId) {
    drop((key, one) => key.startsWith(this.prefix) && one.grantId === grantId);
  }
}

function drop(which) {
  for (const [key, one] of Object.entries(state.stored)) if (which(key, one)) delete state.stored[key];
  keep();
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: Adapter,
  clients: [{
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "client_secret_basic",
  }],
  clockTolerance: 0,
  cookies: { keys: ["of-the-tests-alone"] },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  scopes: ["openid", "offline_access", "notes", "email"],
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  ttl: {
    AccessToken: () => state.ttl, ClientCredentials: () => state.ttl, AuthorizationCode: 60, RefreshToken: 86400, Grant: 86400, Session: 3600,
    Interaction: 600, IdToken: 600,
  },
  features: { clientCredentials: { enabled: true }, revocation: { enabled: true }, introspection: { enabled: true }, registration: { enabled: true }, devInteractions: { enabled: true } },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, ...(id.includes("@") && { email: id, email_verified: !id.startsWith("unverified") }) }),
  }),
});

provider.on("grant.success", (ctx) => {
  const type = ctx.oidc.params.grant_type;
  state.counts.granted[type] = (state.counts.granted[type] ?? 0) + 1;
  if (type === "authorization_code") state.counts.exchanged = ctx.oidc.params;
  keep();
});
provider.on("grant.error", (ctx, error) => {
  state.counts.refused.push(`${ctx.oidc.params?.grant_type} ${error.error}`);
  keep();
});
provider.on("grant.revoked", () => {
  state.counts.revoked += 1;
  keep();
});

/** The API: every call looks its token up at the provider. */
async function api(request, response, path) {
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
  const token = bearer && (await provider.AccessToken.find(bearer) ?? await provider.ClientCredentials.find(bearer));
  if (!token?.isValid || !token.scopes.has("notes")) {
    response.setHeader("WWW-Authenticate", 'Bearer error="invalid_token"');
    return answer(response, 401, { error: { message: "the access token is not valid" } });
  }
  const user = token.accountId ?? token.clientId;
  const own = (state.notes[user] ??= []);
  if (path === "/api/whoami") return answer(response, 200, { user, echo: request.headers });
  if (path === "/api/notes" && request.method === "POST") {
    own.push(JSON.parse(await text(request)).text);
    keep();
  }
  return answer(response, 200, { notes: own });
}

/** A new client with a key of its own, whose private half only the caller has. */
function pair(id) {
  const small = id.endsWith("p-256");
  const { publicKey, privateKey } = small
    ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("rsa", { modulusLength: 2048 });
  state.stored[`Client:${id}`] = {
    client_id: id, redirect_uris: [], response_types: [], grant_types: ["client_credentials"],
    token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: small ? "ES256" : "RS256",
    jwks: { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "key-1", use: "sig" }] },
  };
  keep();
  return privateKey.export({ type: "pkcs8", format: "pem" });
}

function test(request, response, path) {
  const [, , what, value] = path.split("/");
  const live = (key, one) => key.startsWith("AccessToken:") && one.accountId === value && one.exp > now();
  if (what === "grace") {
    state.grace = Number(value);
    keep();
  }
  if (what === "pair") return answer(response, 200, { private_key: pair(value) });
  if (what === "ttl") {
    state.ttl = Number(value);
    keep();
  }
  if (what === "end-access") drop((key) => /^(AccessToken|ClientCredentials):/.test(key));
  if (what === "end-grants") drop((key) => /^(AccessToken|RefreshToken|Grant):/.test(key));
  answer(response, 200, {
    ...state.counts,
    clients: Object.keys(state.stored).filter((key) => key.startsWith("Client:")).length,
    live: Object.entries(state.stored).filter(([key, one]) => live(key, one)).length,
  });
}

async function text(request) {
  let whole = "";
  for await (const part of request) whole += part;
  return whole;
}

function answer(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}

const oauth = provider.callback();
// Longer than the server keeps connections: who closes one just as it is used again answers that request with a reset.
createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  if (path.startsWith("/test/")) return test(request, response, path);
  if (path.startsWith("/api/")) return api(request, response, path).catch((error) => answer(response, 500, { error: { message: String(error) } }));
  return oauth(request, response);
}).listen(Number(port), "127.0.0.1", () => console.log("listening"));
