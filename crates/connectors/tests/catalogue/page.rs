//! The page that lists what is shipped.

use std::fmt::Write as _;
use valetkey_connectors::Catalog;

/// docs/CATALOGUE.md.
pub(crate) fn page(catalog: &Catalog) -> String {
    let connectors: Vec<_> = catalog.connectors().collect();
    let count: usize = connectors.iter().map(|connector| connector.tools.len()).sum();
    let mut page = format!(
        "# The catalogue\n\n{} connectors, {count} tools. Made by `cargo run -p valetkey-connectors --example catalogue`; a \
         test holds it to the files.\n\nA tool is **checked against the vendor** where every request that it can make was \
         held against the vendor's own\ndescription of its API; else it is **from documentation** that somebody read.\n\n\
         | connector | app | tools | not yet | status |\n|---|---|---|---|---|\n",
        connectors.len()
    );
    for connector in &connectors {
        let (slug, tools, waits) = (&connector.slug, connector.tools.len(), connector.not_yet.len());
        let name = &connector.display_name;
        let _ = writeln!(page, "| [{slug}](#{slug}) | {name} | {tools} | {waits} | {} |", connector.status());
    }
    for connector in &connectors {
        let _ = write!(page, "\n## {}\n\n| tool | effect | what it does |\n|---|---|---|\n", connector.slug);
        for tool in connector.tools.values() {
            let definition = &tool.definition;
            let _ = writeln!(page, "| `{}` | {} | {} |", definition.name, definition.effect.as_str(), definition.title);
        }
        if !connector.not_yet.is_empty() {
            let names: Vec<String> = connector.not_yet.iter().map(|name| format!("`{name}`")).collect();
            let _ = write!(page, "\nNot built yet: {}.\n", names.join(", "));
        }
    }
    page
}
