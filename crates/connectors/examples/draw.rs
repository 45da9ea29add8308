//! Draws tools for a second reader, somebody who did not write them: `cargo run -p valetkey-connectors --example draw`,
//! or with a number for another draw than the first. What came of it is in docs/CATALOGUE-REVIEW.md.
//!
//! The tools stand in the order of the SHA-256 of seed and name: the first four of each connector are taken, then the
//! first of all the rest. A tool that is added to the catalogue later so changes one place of the draw and no more.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a developer reads what it prints")]

use sha2::{Digest as _, Sha256};
use valetkey_connectors::Catalog;

/// With the number of the draw and the tool's name behind it, it is what is hashed.
const SEED: &str = "valetkey second reading";
/// The connectors that are drawn from; an alias has no tools of its own.
const CONNECTORS: [&str; 7] = ["gmail", "googlecalendar", "googledrive", "slack", "github", "notion", "linear"];
const AT_LEAST: usize = 4;
const DRAWN: usize = 50;

fn main() {
    let number: u32 = std::env::args().nth(1).map_or(1, |given| given.parse().unwrap());
    let catalog = Catalog::shipped().unwrap();
    let (mut drawn, mut rest) = (Vec::new(), Vec::new());
    for connector in CONNECTORS {
        let connector = catalog.connector(connector).unwrap();
        let mut tools: Vec<String> = connector.tools.keys().cloned().collect();
        tools.sort_by_cached_key(|tool| place(number, tool));
        rest.extend(tools.split_off(AT_LEAST));
        drawn.extend(tools);
    }
    rest.sort_by_cached_key(|tool| place(number, tool));
    drawn.extend(rest.into_iter().take(DRAWN - drawn.len()));
    drawn.sort();
    for tool in drawn {
        println!("{tool}");
    }
}

fn place(number: u32, tool: &str) -> Vec<u8> {
    Sha256::digest(format!("{SEED} {number}/{tool}")).to_vec()
}
