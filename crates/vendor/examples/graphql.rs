//! Writes one committed digest from a vendor's GraphQL schema:
//! `cargo run -p valetkey-vendor --example graphql -- ID SCHEMA ADDRESS DIGEST`.
//! Each root field is an operation, `Query.issues`; `graphql` is any document. All are POSTs to the address.

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use valetkey_vendor::Digest;
use valetkey_vendor::graphql::Graphql;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [id, schema, address, target] = arguments.as_slice() else {
        bail!("name the digest's id, the schema, the address that takes documents, and the file to write");
    };
    let text = std::fs::read_to_string(schema).with_context(|| format!("cannot read {schema}"))?;
    let sha256 = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (revision, lines) = text.split_once('\n').context("the schema is empty")?;
    let lines: Vec<String> = lines.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let read = Graphql::read(&lines).map_err(anyhow::Error::msg).with_context(|| format!("in {schema}"))?;
    let rest = address.strip_prefix("https://").context("the address is https")?;
    let (host, path) = rest.split_once('/').context("the address has a path")?;
    let names = read.root_fields().into_iter().chain(std::iter::once("graphql".to_owned()));
    let operations: Map<String, Value> = names.map(|name| (name.clone(), operation(&name, path))).collect();
    let digest: Digest = serde_json::from_value(json!({
        "id": id, "revision": revision.trim_start_matches("# "), "source_sha256": sha256,
        "base_url": format!("https://{host}"), "parameters": [], "operations": operations, "schemas": {}, "scopes": [],
        "graphql": lines,
    }))?;
    let text = serde_json::to_string_pretty(&digest)? + "\n";
    std::fs::write(target, text).with_context(|| format!("cannot write {target}"))
}

fn operation(name: &str, path: &str) -> Value {
    json!({
        "id": name, "method": "POST", "path": format!("/{path}"), "parameters": [], "scopes": [],
        "body": {"type": "object", "properties": {
            "query": {"type": "string", "required_by": [name]},
            "variables": {"type": "object", "additional": {"type": "any"}}}},
    })
}
