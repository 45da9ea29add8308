// Organisations by the official Node SDK; prints what it saw.
import { ScalekitClient } from "@scalekit-sdk/node";

const { SCALEKIT_ENVIRONMENT_URL: url, SCALEKIT_CLIENT_ID: id, SCALEKIT_CLIENT_SECRET: secret } = process.env;
const service = new ScalekitClient(url, id, secret).organization;
const seen = {};

async function raised(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { class: error.constructor.name, code: error.errorCode };
  }
}

const { organization: made } = await service.createOrganization("Acme Node", { externalId: "node-1", slug: "acme-node" });
seen.made = [made.displayName, made.externalId, made.slug];
seen.twice = await raised(() => service.createOrganization("Acme again", { externalId: "node-1" }));
seen.got = (await service.getOrganization(made.id)).organization.id === made.id;
seen.byExternalId = (await service.getOrganizationByExternalId("node-1")).organization.id === made.id;
const changed = await service.updateOrganization(made.id, { displayName: "Acme Nodes", metadata: { plan: "gold" } });
seen.changed = [changed.organization.displayName, changed.organization.metadata, changed.organization.externalId];
const found = await service.searchOrganization("acme nod");
seen.found = found.organizations.map((one) => one.displayName);
seen.listed = (await service.listOrganization({ pageSize: 100 })).organizations.some((one) => one.id === made.id);
await service.deleteOrganization(made.id);
seen.gone = await raised(() => service.getOrganization(made.id));
console.log(JSON.stringify(seen));
