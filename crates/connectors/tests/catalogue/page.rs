//! The page that lists what is shipped.

use std::fmt::Write as _;
use std::sync::Arc;
use valetkey_connectors::{Catalog, Connector};

/// docs/CATALOGUE.md.
pub(crate) fn page(catalog: &Catalog) -> String {
    let (remote, connectors): (Vec<_>, Vec<_>) = catalog.connectors().partition(|connector| connector.remote.is_some());
    let count: usize = connectors.iter().map(|connector| connector.tools.len()).sum();
    let mut page = format!(
        "# The catalogue\n\n{} connectors, {count} tools, and {} remote MCP servers. Made by `cargo run -p valetkey-connectors --example catalogue`; a \
         test holds it to the files.\n\nA tool is **checked against the vendor** where every request that it can make was \
         held against the vendor's own\ndescription of its API; else it is **from documentation** that somebody read.\n\n\
         | connector | app | tools | not yet | status |\n|---|---|---|---|---|\n",
        connectors.len(),
        remote.len()
    );
    for connector in &connectors {
        let (slug, tools, waits) = (&connector.slug, connector.tools.len(), connector.not_yet.len());
        let name = &connector.display_name;
        let _ = writeln!(page, "| [{slug}](#{slug}) | {name} | {tools} | {waits} | {} |", connector.status());
    }
    servers(&mut page, &remote);
    for connector in &connectors {
        if let Some(other) = &connector.alias_of {
            let slug = &connector.slug;
            let _ = write!(page, "\n## {slug}\n\nThe tools of [{other}](#{other}), called `{slug}_…`.\n");
            continue;
        }
        let _ = write!(page, "\n## {}\n\n| tool | effect | what it does |\n|---|---|---|\n", connector.slug);
        for tool in connector.tools.values() {
            let definition = &tool.definition;
            let _ = writeln!(page, "| `{}` | {} | {} |", definition.name, definition.effect.as_str(), definition.title);
        }
        if !connector.not_yet.is_empty() {
            page.push_str("\nNot built yet:\n\n");
        }
        for (name, why) in &connector.not_yet {
            let _ = writeln!(page, "- `{name}`: {}", why.trim());
        }
    }
    page
}

/// The remote MCP servers: their tools are whatever they list for an account.
fn servers(page: &mut String, remote: &[Arc<Connector>]) {
    page.push_str(
        "\n## Remote MCP servers\n\nTheir tools are those that the server lists for an account; *known* is how many names are \
         documented, which a whitelist can name\nbefore. *Sources* says on how many independent sources the address rests: of \
         those with 1 look again before you rely on it.\n\n| connector | app | address | sources | signs in by | known |\n\
         |---|---|---|---|---|---|\n",
    );
    for connector in remote {
        let Some(server) = &connector.remote else { continue };
        let ways: Vec<&str> = connector.ways.iter().map(|way| way.kind().as_str()).collect();
        let (slug, name, url, ways) = (&connector.slug, &connector.display_name, server.shown(), ways.join(", "));
        let url = server.note.as_ref().map_or(url.clone(), |note| format!("{url} ({note})"));
        let (sources, known) = (server.sources.unwrap_or_default(), server.documented.len());
        let _ = writeln!(page, "| `{slug}` | {name} | {url} | {sources} | {ways} | {known} |");
    }
}
