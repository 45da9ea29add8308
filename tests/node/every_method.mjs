// Every AgentKit method that a version of the official Node SDK has, called once with success and, where it can be, once so
// that it is refused. Arguments: the package's name here, and the user, whose account on MY_GMAIL is signed in. Prints what
// each came to, and which methods there are that were not called.
import { readFileSync } from "node:fs";

const [, , name, identifier] = process.argv;
const { ScalekitClient } = await import(name);
const { SCALEKIT_ENVIRONMENT_URL: url, SCALEKIT_CLIENT_ID: id, SCALEKIT_CLIENT_SECRET: secret } = process.env;
const sdk = new ScalekitClient(url, id, secret);
const seen = {};
const called = new Set();

// Calls a method if this version has it; the other arguments are refused.
async function call(of, method, given, wrong) {
  if (typeof of[method] !== "function") return undefined;
  const key = `${of.constructor.name}.${method}`;
  called.add(key);
  const done = await of[method](...given);
  seen[key] = { ok: true };
  if (wrong) {
    try {
      await of[method](...wrong);
    } catch (error) {
      seen[key].refused = error.constructor.name;
    }
  }
  return done;
}

// Calls a method that this server has not, if this version has it.
async function refused(of, method, given) {
  if (typeof of[method] !== "function") return;
  const key = `${of.constructor.name}.${method}`;
  called.add(key);
  try {
    await of[method](...given);
  } catch (error) {
    seen[key] = { ok: true, refused: error.constructor.name };
  }
}

const { actions, tools, connectedAccounts: accounts, connection, events } = sdk;
const mine = { connectionName: "MY_GMAIL", identifier };
const nobody = { ...mine, identifier: "nobody-at-all" };
const nowhere = { ...mine, connectionName: "NONE" };
const other = { ...mine, identifier: `${identifier}-other` };
const details = { details: { case: "oauthToken", value: { accessToken: "at-1", refreshToken: "rt-1" } } };

// A new client's first call of all has no token: it is refused, gets one, and goes again.
await call(actions, "getConnectedAccount", [mine], [nobody]);
await call(actions, "getAuthorizationLink", [mine], [nowhere]);
await call(actions, "listConnectedAccounts", [mine], [{ ...mine, pageToken: "garbage" }]);
await call(actions, "listConnections", [{}], [{ pageToken: "garbage" }]);
await call(actions, "createConnectedAccount", [{ ...other, authorizationDetails: details }], [{ ...other, authorizationDetails: details }]);
await call(actions, "getOrCreateConnectedAccount", [other], [{ ...other, connectionName: "NONE" }]);
await call(actions, "updateConnectedAccount", [{ ...other, apiConfig: { team: "a" } }], [{ ...nobody, apiConfig: { team: "a" } }]);
await call(actions, "deleteConnectedAccount", [other], [other]);
const run = { toolName: "gmail_fetch_mails", identifier, toolInput: { max_results: 1 } };
await call(actions, "executeTool", [run], [{ ...run, toolName: "gmail_nothing" }]);
await call(actions, "request", [{ ...mine, path: "/gmail/v1/users/me/profile" }]);

await call(tools, "listTools", [{ pageSize: 2 }], [{ pageToken: "garbage" }]);
await call(tools, "listScopedTools", [identifier, { filter: {} }], [identifier, { filter: {}, pageToken: "garbage" }]);
await call(tools, "listAvailableTools", [identifier, {}], [identifier, { pageToken: "garbage" }]);
const raw = { toolName: "gmail_fetch_mails", identifier, params: { max_results: 1 } };
await call(tools, "executeTool", [raw], [{ ...raw, toolName: "gmail_nothing" }]);

const whose = { connector: "MY_GMAIL", identifier };
await call(accounts, "listConnectedAccounts", [{ ...whose, pageSize: 1 }], [{ ...whose, pageToken: "garbage" }]);
await call(accounts, "getConnectedAccountByIdentifier", [whose], [{ ...whose, identifier: "nobody-at-all" }]);
await call(accounts, "getMagicLinkForConnectedAccount", [whose], [{ ...whose, connector: "NONE" }]);
await call(connection, "listAppConnections", [{}], [{ pageToken: "garbage" }]);
const again = { ...whose, identifier: `${identifier}-raw` };
await call(accounts, "createConnectedAccount", [{ ...again, connectedAccount: {} }], [{ ...again, connectedAccount: {} }]);
await call(accounts, "getOrCreateConnectedAccount", [again], [{ ...again, connector: "NONE" }]);
await call(accounts, "updateConnectedAccount", [{ ...again, connectedAccount: {} }], [{ ...again, identifier: "nobody-at-all", connectedAccount: {} }]);
await call(accounts, "deleteConnectedAccount", [again], [again]);
const paged = {};
// Follows a list page by page to its end, one thing on each, and one page back.
async function pages(of, method, items, list) {
  if (typeof of[method] !== "function") return;
  const got = [];
  let token;
  do {
    const page = await list({ pageSize: 1, ...(token ? { pageToken: token } : {}) });
    got.push({ item: shown(page[items][0]), before: page.prevPageToken });
    token = page.nextPageToken;
  } while (token);
  const back = await list({ pageSize: 1, pageToken: got[1].before });
  paged[`${of.constructor.name}.${method}`] = {
    pages: got.length, different: new Set(got.map((one) => one.item)).size, first: got[0].before,
    back: shown(back[items][0]) === got[0].item,
  };
}
const shown = (item) => JSON.stringify(item, (_, value) => (typeof value === "bigint" ? String(value) : value));
const few = { toolNames: ["gmail_fetch_mails", "gmail_send_message", "gmail_list_threads"] };
await actions.getOrCreateConnectedAccount({ connectionName: "MY_CALENDAR", identifier });
await pages(actions, "listConnectedAccounts", "connectedAccounts", (page) => actions.listConnectedAccounts({ identifier, ...page }));
await pages(accounts, "listConnectedAccounts", "connectedAccounts", (page) => accounts.listConnectedAccounts({ identifier, ...page }));
await pages(connection, "listAppConnections", "connections", (page) => connection.listAppConnections(page));
await pages(actions, "listConnections", "connections", (page) => actions.listConnections(page));
await pages(tools, "listScopedTools", "tools", (page) => tools.listScopedTools(identifier, { filter: few, ...page }));
if (events) await call(events, "listEventsPaginated", [1], [1, "garbage"]);
// Sign-on of organisations, which this server has not.
await refused(connection, "getConnection", ["org_1", "conn_1"]);
await refused(connection, "listConnectionsByDomain", ["acme.com"]);
await refused(connection, "listConnections", ["org_1"]);
await refused(connection, "enableConnection", ["org_1", "conn_1"]);
await refused(connection, "disableConnection", ["org_1", "conn_1"]);
await refused(connection, "createConnection", ["org_1", { providerKey: "GMAIL" }]);
await refused(connection, "deleteConnection", ["org_1", "conn_1"]);

const left = [actions, tools, accounts, connection, events].filter(Boolean).flatMap((of) =>
  Object.getOwnPropertyNames(Object.getPrototypeOf(of))
    .filter((one) => one !== "constructor" && typeof of[one] === "function")
    .map((one) => `${of.constructor.name}.${one}`)
    .filter((one) => !called.has(one)),
);
const { version } = JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url)));
console.log(JSON.stringify({ version, seen, paged, left: left.sort() }));
