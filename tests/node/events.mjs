// The official Node SDK: EventsService. Prints what it saw.
//   events.mjs ACCOUNT
import { ScalekitClient } from "@scalekit-sdk/node";

const { SCALEKIT_ENVIRONMENT_URL: url, SCALEKIT_CLIENT_ID: id, SCALEKIT_CLIENT_SECRET: secret } = process.env;
const { events } = new ScalekitClient(url, id, secret);
const [, , connectedAccountId] = process.argv;

const raised = async (call) => {
  try {
    await call();
  } catch (error) {
    return { class: error.constructor.name, text: error.message };
  }
};
const types = (page) => page.events.map((event) => event.type);
const first = await events.listEventsPaginated(2, "", { connectedAccountId });
const second = await events.listEventsPaginated(2, first.nextPageToken, { connectedAccountId });
console.log(JSON.stringify({
  first: types(first),
  second: types(second),
  back: types(await events.listEventsPaginated(2, second.prevPageToken, { connectedAccountId })),
  object: first.events[0].object,
  created: types(await events.listEventsPaginated(10, "", { connectedAccountId, eventTypes: ["connected_account.created"] })),
  garbage: await raised(() => events.listEventsPaginated(2, "zebra")),
  nobody: await raised(() => events.listEventsPaginated(2, "", { connectedAccountId: "ca_none" })),
}));
