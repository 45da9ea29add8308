//! Writes down how golden cases go that have no `end` yet:
//! `cargo run -p valetkey-connectors --example golden -- TOOL...`, or without names all of them. What it wrote is read
//! before it is committed: the test only says that it stays so.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a developer reads what went wrong")]

#[path = "../tests/golden/play.rs"]
mod play;

use play::{cases, mock, path};
use valetkey_connectors::Catalog;
use valetkey_connectors::golden::{self, Case};

fn main() {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let catalog = Catalog::shipped().unwrap();
    for connector in catalog.connectors() {
        if connector.tools.is_empty() {
            continue;
        }
        let mock = mock(&connector.slug);
        for (tool, compiled) in connector.tools.iter().filter(|(tool, _)| named.is_empty() || named.contains(tool)) {
            let before = cases(tool);
            let play = |case: Case| {
                let ends = case.end.is_null().then(|| golden::played(&connector, compiled, &mock, &case));
                ends.map_or(Ok(case), |played| played).unwrap_or_else(|why: String| panic!("{tool}: {why}"))
            };
            let after: Vec<Case> = before.into_iter().map(play).collect();
            std::fs::write(path(tool), golden::text(&after).unwrap()).unwrap();
        }
    }
}
