// Writes an OpenAPI document of Slack's Web API from the types of Slack's own SDK, for the example `openapi`:
//
//   npm install @slack/web-api@8.2.0 @slack/types@3 typescript@5
//   node slack.mjs node_modules/@slack/web-api WANTED > slack.openapi.json
//
// WANTED is a text with one method on a line, `GET users.info` or `POST chat.postMessage`: Slack takes most methods both
// ways, and its SDK always posts. What is read is asked for with GET, so that a failed request may be repeated.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const require = createRequire(join(process.cwd(), "x.js"));
const ts = require("typescript");
const [folder, wanted] = process.argv.slice(2);
const root = resolve(folder);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const entry = join(root, "dist/methods.d.ts");
const program = ts.createProgram([entry], { strict: true, skipLibCheck: true, module: ts.ModuleKind.CommonJS });
const checker = program.getTypeChecker();

// The class that has every method as a member of nested objects.
const methods = program.getSourceFile(entry).statements.find((s) => ts.isClassDeclaration(s) && s.name.text === "Methods");
const has = (type) => type.isUnion() ? type.types.flatMap(has) : [type];

// The type of the one argument of a method, `chat.postMessage`.
function argument(method) {
  let type = checker.getTypeAtLocation(methods);
  for (const name of method.split(".")) {
    const member = type.getProperty(name);
    if (!member) throw new Error(`${method} is no method of this SDK`);
    type = checker.getTypeOfSymbolAtLocation(member, methods);
  }
  const [signature] = type.getCallSignatures();
  const [first] = signature.getParameters();
  return first && checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(first, methods));
}

function schema(type, depth = 3) {
  const plain = checker.getNonNullableType(type);
  const ways = has(plain);
  const only = (flag) => ways.every((way) => way.flags & flag);
  if (only(ts.TypeFlags.BooleanLike)) return { type: "boolean" };
  if (only(ts.TypeFlags.StringLiteral)) return { type: "string", enum: ways.map((way) => way.value).sort() };
  if (only(ts.TypeFlags.StringLike)) return { type: "string" };
  if (only(ts.TypeFlags.NumberLike)) return { type: "number" };
  if (ways.every((way) => checker.isArrayType(way) || checker.isTupleType(way))) return { type: "array", items: {} };
  if (only(ts.TypeFlags.Object) && depth > 0) {
    // Members of foreign types (blocks, views) are too many to list, and Slack checks them itself.
    return { type: "object", additionalProperties: true };
  }
  return {};
}

// The largest number that a member may have: the types have no word for it, but its comment does.
function bound(property) {
  const comment = property.getJsDocTags(checker).map((tag) => ts.displayPartsToString(tag.text)).join(" ");
  const found = /max value of `(\d+)`/.exec(comment);
  return found ? { maximum: Number(found[1]) } : {};
}

// Every member that any form of the argument has; required is what all forms require.
function members(type) {
  const found = new Map();
  const forms = has(type).filter((form) => form.flags & ts.TypeFlags.Object || form.isIntersection());
  for (const form of forms) {
    for (const property of checker.getPropertiesOfType(form)) {
      const optional = Boolean(property.flags & ts.SymbolFlags.Optional);
      const own = checker.getTypeOfSymbolAtLocation(property, methods);
      const real = checker.getNonNullableType(own);
      if (real.flags & ts.TypeFlags.Never) continue;
      const known = found.get(property.name) ?? { in: 0, types: [] };
      found.set(property.name, { in: known.in + (optional ? 0 : 1), types: [...known.types, JSON.stringify({ ...schema(own), ...bound(property) })] });
    }
  }
  found.delete("token");
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { in: required, types }]) => {
    const kinds = [...new Set(types)].map((text) => JSON.parse(text));
    const enums = kinds.every((kind) => kind.type === "string");
    const one = kinds.length === 1 ? kinds[0] : enums ? { type: "string" } : kinds.every((k) => k.type === kinds[0].type) ? { type: kinds[0].type } : {};
    return { name, required: required === forms.length, schema: one };
  });
}

// Where the types are wrong: Slack's reference and its SDKs for Python and Java have this argument by another name.
const CORRECTED = { "files.getUploadURLExternal": { alt_text: "alt_txt" } };

const paths = {};
for (const line of readFileSync(wanted, "utf8").split("\n")) {
  if (!line.trim() || line.startsWith("#")) continue;
  const [verb, method] = line.trim().split(" ");
  const type = argument(method);
  const named = (one) => ({ ...one, name: CORRECTED[method]?.[one.name] ?? one.name });
  const all = type ? members(type).map(named) : [];
  const operation = { operationId: method };
  if (verb === "GET") {
    operation.parameters = all.map(({ name, required, schema }) => ({ name, in: "query", required, schema }));
  } else {
    const properties = Object.fromEntries(all.map(({ name, schema }) => [name, schema]));
    const required = all.filter((one) => one.required).map((one) => one.name);
    const content = { "application/json": { schema: { type: "object", properties, required } } };
    operation.requestBody = { content };
  }
  paths[`/${method}`] = { [verb.toLowerCase()]: operation };
}
const info = { title: "Slack Web API, from the types of @slack/web-api", version };
process.stdout.write(JSON.stringify({ openapi: "3.1.0", info, servers: [{ url: "https://slack.com/api" }], paths }, null, 1));
