//! What whoever writes a connector file starts with: the schema for editors, and a small file that passes the check.

/// The JSON Schema of connector files.
pub const SCHEMA: &str = include_str!("../../../catalogue/connector.schema.json");

/// A file that passes, of an app that is made up.
pub const STARTER: &str = include_str!("../../../catalogue/starter/acmetasks.yaml");

/// The starter under another name; its tools' names begin with it.
#[must_use]
pub fn starter(slug: &str) -> String {
    STARTER.replace("acmetasks", slug)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    #[test]
    fn the_starter_passes_under_any_name() {
        for slug in ["acmetasks", "box", "my_crm2"] {
            let mut catalog = Catalog::shipped().unwrap();
            catalog.add("new.yaml", &starter(slug)).unwrap();
            assert!(catalog.tool(&format!("{slug}_list_tasks")).is_some());
        }
    }

    /// The page's example is the starter, so that what the page shows is what passes.
    #[test]
    fn the_documentation_shows_the_starter() {
        let page = include_str!("../../../docs/CONNECTORS.md");
        let shown = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let (_, starter) = STARTER.split_once('\n').unwrap();
        assert_eq!(shown, starter);
    }
}
