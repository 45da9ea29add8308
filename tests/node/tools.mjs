// ToolService by a version of the official Node SDK, by its package's name here. Its first call of all is a tool's, without a
// token. Prints what it saw.
const [, , name, identifier, account, tool, input] = process.argv;
const { ScalekitClient } = await import(name);
const { SCALEKIT_ENVIRONMENT_URL: url, SCALEKIT_CLIENT_ID: id, SCALEKIT_CLIENT_SECRET: secret } = process.env;
const sdk = new ScalekitClient(url, id, secret);
const seen = {};

async function raised(call) {
  try {
    const done = await call();
    return { class: null, execution: done.executionId };
  } catch (error) {
    return {
      class: error.constructor.name, code: error.errorCode, text: error.message,
      tool: [error.toolErrorCode, error.executionId],
    };
  }
}

if (tool) {
  const call = { toolName: tool, connectedAccountId: account, params: JSON.parse(input) };
  seen.called = await raised(() => sdk.tools.executeTool(call));
} else {
  const mails = { toolName: "gmail_fetch_mails", identifier, connector: "MY_GMAIL", params: { max_results: 1 } };
  const cold = await sdk.tools.executeTool(mails);
  seen.cold = [cold.data.messages.length, cold.executionId];
  const scoped = await sdk.tools.listScopedTools(identifier, { filter: {} });
  seen.scoped = [scoped.tools.length, scoped.totalSize, [...new Set(scoped.tools.map((one) => one.connectedAccountId))]];
  const available = await sdk.tools.listAvailableTools(identifier, { pageSize: 5 });
  const rest = await sdk.tools.listAvailableTools(identifier, { pageToken: available.nextPageToken });
  seen.available = [available.tools.length, available.totalSize, rest.tools.length];
  const listed = await sdk.tools.listTools({ filter: { provider: "GMAIL", summary: true } });
  seen.names = listed.toolNames;
  seen.unknown = await raised(() => sdk.tools.executeTool({ ...mails, toolName: "gmail_fetch_mail" }));
}
console.log(JSON.stringify(seen));
