//! Writes down how golden cases go that have no `end` yet:
//! `cargo run -p valetkey-connectors --example golden -- TOOL...`, or without names all of them. What it wrote is read
//! before it is committed: the test only says that it stays so.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a developer reads what went wrong")]

#[path = "../tests/golden/play.rs"]
mod play;

use play::{Case, cases, digests, path, played};
use valetkey_connectors::Catalog;

fn main() {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let catalog = Catalog::shipped().unwrap();
    for connector in catalog.connectors() {
        if connector.tools.is_empty() {
            continue;
        }
        let digests = digests(&connector.slug);
        for tool in connector.tools.keys().filter(|tool| named.is_empty() || named.contains(tool)) {
            let before = cases(tool);
            let play = |case: Case| if case.end.is_null() { played(&catalog, &digests, tool, &case) } else { case };
            let after: Vec<Case> = before.into_iter().map(play).collect();
            std::fs::write(path(tool), serde_json::to_string_pretty(&after).unwrap() + "\n").unwrap();
        }
    }
}
