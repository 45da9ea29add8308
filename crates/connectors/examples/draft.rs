//! Drafts a connector file from a vendor's digest and a table of the tools that there shall be:
//! `cargo run -p valetkey-connectors --example draft -- CONNECTOR KIND DIGEST.json NAMES.tsv > catalogue/CONNECTOR.yaml`.
//! What a person has to decide is marked; the check refuses it until then.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a developer reads what went wrong, and the draft")]

#[path = "../tests/draft/write.rs"]
mod write;

use valetkey_connectors::lint::names;
use valetkey_vendor::Digest;

fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [connector, kind, digest, table] = given.as_slice() else {
        println!("draft CONNECTOR KIND DIGEST.json NAMES.tsv, where KIND is discovery, openapi or sdk");
        return;
    };
    let digest = Digest::read(&std::fs::read_to_string(digest).unwrap()).unwrap();
    let names = names::read(&std::fs::read_to_string(table).unwrap()).unwrap();
    println!("{}", write::draft(connector, &digest, kind, &names).trim_end());
}
