//! docs/CATALOGUE.md lists what is shipped, as it is.

#[path = "catalogue/page.rs"]
mod page;

use valetkey_connectors::Catalog;

#[test]
fn the_page_is_fresh() {
    let made = page::page(&Catalog::shipped().unwrap());
    let written = include_str!("../../../docs/CATALOGUE.md");
    assert!(made == written, "make docs/CATALOGUE.md again: cargo run -p valetkey-connectors --example catalogue");
}
