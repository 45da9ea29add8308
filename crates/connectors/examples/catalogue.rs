//! Writes docs/CATALOGUE.md: `cargo run -p valetkey-connectors --example catalogue`.

#![expect(clippy::unwrap_used, reason = "a developer reads what went wrong")]

#[path = "../tests/catalogue/page.rs"]
mod page;

use std::path::Path;
use valetkey_connectors::Catalog;

fn main() {
    let made = page::page(&Catalog::shipped().unwrap());
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CATALOGUE.md");
    std::fs::write(target, made).unwrap();
}
