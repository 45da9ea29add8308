// Writes an OpenAPI document of Notion's API from Notion's own SDK, for the example `openapi`: methods and paths from its
// table of endpoints, what they take from its types.
//
//   npm install @notionhq/client@5.26.0 typescript@5
//   node notion.mjs node_modules/@notionhq/client WANTED > notion.openapi.json
//
// WANTED is a text with the SDK's name of one endpoint on a line.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const require = createRequire(join(process.cwd(), "x.js"));
const ts = require("typescript");
const [folder, wanted] = process.argv.slice(2);
const root = resolve(folder);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const endpoints = require(join(root, "build/src/api-endpoints.js"));
const entry = join(root, "build/src/api-endpoints.d.ts");
const program = ts.createProgram([entry], { strict: true, skipLibCheck: true, module: ts.ModuleKind.CommonJS });
const checker = program.getTypeChecker();
const file = program.getSourceFile(entry);
const exported = new Map(checker.getExportsOfModule(checker.getSymbolAtLocation(file)).map((one) => [one.name, one]));

// How deep members are read: below it anything fits.
const DEPTH = 3;
// An object of more forms than this (blocks, values of properties, filters) is left to Notion to check.
const FORMS = 12;

const ways = (type) => (type.isUnion() ? type.types.flatMap(ways) : [type]);
const given = (types) => types.flatMap(ways).filter((way) => !(way.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)));
const isObject = (type) => Boolean(type.flags & ts.TypeFlags.Object) || type.isIntersection();
const isList = (type) => checker.isArrayType(type) || checker.isTupleType(type);

// What fits any of these types.
function schema(types, depth) {
  const all = given(types);
  const only = (flag) => all.every((way) => way.flags & flag);
  if (only(ts.TypeFlags.BooleanLike)) return { type: "boolean" };
  if (only(ts.TypeFlags.StringLiteral)) return { type: "string", enum: [...new Set(all.map((way) => way.value))].sort() };
  if (only(ts.TypeFlags.StringLike)) return { type: "string" };
  if (only(ts.TypeFlags.NumberLike)) return { type: "number" };
  if (all.every(isList)) {
    const elements = all.flatMap((list) => checker.getTypeArguments(list));
    return { type: "array", items: elements.length > 0 && depth > 0 ? schema(elements, depth - 1) : {} };
  }
  if (!all.every((way) => isObject(way) && !isList(way))) return {};
  const open = all.some((way) => checker.getIndexInfosOfType(way).length > 0);
  if (open || depth === 0 || all.length > FORMS) return { type: "object", additionalProperties: true };
  const found = members(all, depth - 1);
  // An object without members is written `{}` and stays so.
  if (found.length === 0) return { type: "object", additionalProperties: true };
  return { type: "object", ...object(found) };
}

function object(found) {
  const properties = Object.fromEntries(found.map(({ name, schema }) => [name, schema]));
  const required = found.filter((one) => one.required).map((one) => one.name);
  return required.length > 0 ? { properties, required } : { properties };
}

// Every member that any form of an object has; required is what all forms require.
function members(forms, depth) {
  const found = new Map();
  for (const form of forms) {
    for (const property of checker.getPropertiesOfType(form)) {
      const own = checker.getTypeOfSymbolAtLocation(property, file);
      const real = given([own]).filter((way) => !(way.flags & ts.TypeFlags.Never));
      if (real.length === 0) continue;
      const known = found.get(property.name) ?? { in: 0, types: [], nullable: false };
      const optional = Boolean(property.flags & ts.SymbolFlags.Optional);
      found.set(property.name, {
        in: known.in + (optional ? 0 : 1),
        types: [...known.types, ...real],
        nullable: known.nullable || ways(own).some((way) => way.flags & ts.TypeFlags.Null),
      });
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { in: required, types, nullable }]) => {
    const read = { ...schema([...new Set(types)], depth), ...(nullable ? { nullable: true } : {}) };
    return { name, required: required === forms.length, schema: read };
  });
}

const paths = {};
for (const line of readFileSync(wanted, "utf8").split("\n")) {
  const name = line.trim();
  if (!name || name.startsWith("#")) continue;
  const endpoint = endpoints[name];
  if (!endpoint) throw new Error(`${name} is no endpoint of this SDK`);
  const symbol = exported.get(`${name[0].toUpperCase()}${name.slice(1)}Parameters`);
  if (!symbol) throw new Error(`${name} has no type of parameters`);
  const all = members(given([checker.getDeclaredTypeOfSymbol(symbol)]).filter(isObject), DEPTH);
  const placed = (where, names) => all.filter((one) => names.includes(one.name)).map((one) => ({
    name: one.name, in: where, required: where === "path" || one.required, schema: one.schema }));
  const operation = { operationId: name };
  operation.parameters = [...placed("path", endpoint.pathParams), ...placed("query", endpoint.queryParams)];
  const body = all.filter((one) => ![...endpoint.pathParams, ...endpoint.queryParams].includes(one.name));
  if (body.length > 0) {
    operation.requestBody = { content: { "application/json": { schema: { type: "object", ...object(body) } } } };
  }
  const path = endpoint.path(Object.fromEntries(endpoint.pathParams.map((one) => [one, `{${one}}`])));
  const item = (paths[`/${path}`] ??= {});
  item[endpoint.method] = operation;
}
const info = { title: "Notion API, from the endpoints and types of @notionhq/client", version };
const document = { openapi: "3.0.3", info, servers: [{ url: "https://api.notion.com/v1" }], paths };
process.stdout.write(JSON.stringify(document, null, 1));
