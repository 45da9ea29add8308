//! What shipped connectors are about, so that one finds an app among two hundred: a line of `catalogue/categories.txt` for
//! each category, with its connectors behind it.

const CATEGORIES: &str = include_str!("../../../../catalogue/categories.txt");

/// What is said of a connector that is in none: one of a file of the operator's own, or a custom provider.
const OTHER: &str = "Others";

/// All categories, in the order of their file.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    lines().map(|(name, _)| name).chain([OTHER])
}

/// What a connector is about.
pub(super) fn of(slug: &str) -> &'static str {
    let mut lines = lines();
    lines.find(|(_, slugs)| slugs.split_ascii_whitespace().any(|one| one == slug)).map_or(OTHER, |(name, _)| name)
}

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    CATEGORIES.lines().filter_map(|line| line.split_once(": "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use valetkey_connectors::Catalog;

    #[test]
    fn every_shipped_connector_is_in_one_category_and_nothing_else_is() {
        let catalog = Catalog::shipped().unwrap();
        let shipped: BTreeSet<String> = catalog.connectors().map(|one| one.slug.clone()).collect();
        let named: Vec<&str> = lines().flat_map(|(_, slugs)| slugs.split_ascii_whitespace()).collect();
        assert_eq!(named.iter().map(|slug| (*slug).to_owned()).collect::<BTreeSet<_>>(), shipped);
        assert_eq!(named.len(), shipped.len(), "one is in two");
        assert_eq!((of("gmail"), of("acme:1")), ("Mail, chat and meetings", OTHER));
        assert!(all().count() < 20);
    }
}
