// Writes Linear's GraphQL schema, as far as tools need it, from the types that Linear generates of it for its own SDK:
//
//   npm install @linear/sdk@98.0.0 typescript@5
//   node linear.mjs node_modules/@linear/sdk WANTED > linear.graphql
//
// WANTED is a text with one root field on a line, `Query.issues`, or a type whose fields are kept, `type Issue`. What
// arguments reach is kept whole; of answers only the types that are named, the lists of them, and what root fields give.

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const require = createRequire(join(process.cwd(), "x.js"));
const ts = require("typescript");
const [folder, wanted] = process.argv.slice(2);
const root = resolve(folder);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const [types] = readdirSync(join(root, "dist")).filter((name) => /^index-.*\.d\.mts$/.test(name));
const text = readFileSync(join(root, "dist", types), "utf8");
const source = ts.createSourceFile(types, text, ts.ScriptTarget.Latest);

const aliases = new Map();
const enums = new Map();
for (const statement of source.statements) {
  if (ts.isTypeAliasDeclaration(statement) && !aliases.has(statement.name.text)) aliases.set(statement.name.text, statement.type);
  if (ts.isEnumDeclaration(statement)) enums.set(statement.name.text, statement.members.map((one) => one.initializer.text));
}

// The fields of a type; nothing for a union.
function fields(name) {
  const type = aliases.get(name);
  const literals = type && (ts.isIntersectionTypeNode(type) ? type.types : [type]).filter(ts.isTypeLiteralNode);
  const own = literals?.flatMap((literal) => literal.members).filter((member) => member.name.text !== "__typename");
  return own?.map((member) => ({ name: member.name.text, ...read(member.type, Boolean(member.questionToken)) }));
}

// A type as GraphQL writes it, and the name that it is of.
function read(type, optional) {
  if (ts.isIndexedAccessTypeNode(type)) return named(type.indexType.literal.text, optional);
  if (!ts.isTypeReferenceNode(type)) return { of: null };
  const [inner] = type.typeArguments ?? [];
  if (["Maybe", "InputMaybe"].includes(type.typeName.text)) return read(inner, true);
  if (type.typeName.text === "Array") {
    const element = read(inner, false);
    return { of: element.of, text: `[${element.text}]${optional ? "" : "!"}` };
  }
  return named(type.typeName.text, optional);
}

const named = (name, optional) => ({ of: name, text: `${name}${optional ? "" : "!"}` });
const scalars = new Set(fields("Scalars").map((one) => one.name));
const argumentsOf = (type, field) => fields(`${type}${field[0].toUpperCase()}${field.slice(1)}Args`) ?? [];

const lines = readFileSync(wanted, "utf8").split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
const listed = new Set(lines.filter((line) => line.startsWith("type ")).map((line) => line.slice(5)));
const roots = lines.filter((line) => !line.startsWith("type ")).map((line) => line.split("."));

// A list of something that is listed.
function isList(name) {
  const nodes = name?.endsWith("Connection") && fields(name)?.find((one) => one.name === "nodes");
  return Boolean(nodes && listed.has(nodes.of));
}

const given = new Set(["PageInfo"]);
const all = (kind) => fields(kind) ?? [];
for (const [kind, name] of roots) {
  const field = all(kind).find((one) => one.name === name);
  if (!field) throw new Error(`${kind}.${name} is no root field of this SDK`);
  given.add(field.of);
}
for (const name of listed) {
  if (!fields(name)) throw new Error(`${name} is no type of this SDK`);
  given.add(name);
  for (const field of fields(name)) if (isList(field.of)) given.add(field.of);
}

const seen = new Set();
const inputs = new Set();
function reach(name) {
  if (scalars.has(name) || enums.has(name)) return seen.add(name);
  if (inputs.has(name)) return inputs;
  inputs.add(name);
  for (const field of fields(name) ?? []) reach(field.of);
}
const keeps = (field) => scalars.has(field.of) || enums.has(field.of) || given.has(field.of);

function output(name, chosen) {
  const kept = all(name).filter((field) => field.of && keeps(field) && (!chosen || chosen.has(field.name)));
  const written = kept.map((field) => {
    if (!given.has(field.of)) seen.add(field.of);
    const taken = argumentsOf(name, field.name);
    for (const one of taken) reach(one.of);
    const list = taken.map((one) => `${one.name}: ${one.text}`).join(", ");
    return `  ${field.name}${list && `(${list})`}: ${field.text}`;
  });
  return written.length > 0 ? `type ${name} {\n${written.join("\n")}\n}\n` : "";
}

const parts = [];
for (const kind of ["Query", "Mutation"]) {
  parts.push(output(kind, new Set(roots.filter(([own]) => own === kind).map(([, name]) => name))));
}
for (const name of [...given].sort()) parts.push(output(name));
for (const name of [...inputs].sort()) {
  const members = fields(name).map((field) => `  ${field.name}: ${field.text}`);
  parts.push(`input ${name} {\n${members.join("\n")}\n}\n`);
}
for (const name of [...seen].sort()) {
  if (enums.has(name)) parts.push(`enum ${name} {\n${enums.get(name).map((value) => `  ${value}`).join("\n")}\n}\n`);
  else if (!["ID", "String", "Boolean", "Int", "Float"].includes(name)) parts.push(`scalar ${name}\n`);
}
process.stdout.write(`# Linear's GraphQL schema, as far as tools need it: from the types of @linear/sdk ${version}.\n\n${parts.join("\n")}`);
