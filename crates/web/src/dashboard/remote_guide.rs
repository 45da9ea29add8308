//! What is to be done before users sign in at a remote MCP server. There are some two hundred of them, so the guide goes by
//! how people sign in there: the texts of `docs/connectors/remote`, with this server's own words in them.

use super::guide::{self, Block};
use valetkey_app::connections::{Auth, AuthKind, Connector, Slot};

const DISCOVERY: &str = include_str!("../../../../docs/connectors/remote/discovery.md");
const REGISTERED: &str = include_str!("../../../../docs/connectors/remote/registered.md");
const API_KEY: &str = include_str!("../../../../docs/connectors/remote/api-key.md");
const BEARER: &str = include_str!("../../../../docs/connectors/remote/bearer.md");
const BASIC: &str = include_str!("../../../../docs/connectors/remote/basic.md");
const NONE: &str = include_str!("../../../../docs/connectors/remote/none.md");

/// The guide of a connector for connections that sign in so: its own, else a remote server's; empty if there is neither.
pub(super) fn of(connector: &Connector, way: &Auth) -> Vec<Block> {
    let own = guide::of(&connector.slug);
    match &connector.remote {
        Some(remote) if own.is_empty() => {
            let mut blocks = guide::filled(text(way), &words(connector, way, &remote.shown()));
            blocks.extend(remote.note.as_deref().map(|note| guide::text(&format!("To be known: {note}."))));
            blocks
        }
        _ => own,
    }
}

/// By how people sign in.
fn text(way: &Auth) -> &'static str {
    match way.kind() {
        AuthKind::OAuth2 if way.registers_by_itself() => DISCOVERY,
        AuthKind::ApiKey => API_KEY,
        AuthKind::Bearer => BEARER,
        AuthKind::Basic => BASIC,
        AuthKind::None => NONE,
        _ => REGISTERED,
    }
}

/// What stands in braces there.
fn words(connector: &Connector, way: &Auth, server: &str) -> [(&'static str, String); 5] {
    let (kind, place) = match way.sends().first().map(|sends| &sends.slot) {
        Some(Slot::Query(name)) => ("parameter", name.clone()),
        Some(Slot::Header(name)) => ("header", name.to_string()),
        None => ("", String::new()),
    };
    let label = way.fields().first().map(|field| field.label.clone()).unwrap_or_default();
    [
        ("{app}", connector.display_name.clone()),
        ("{server}", server.to_owned()),
        ("{kind}", kind.to_owned()),
        ("{place}", place),
        ("{label}", label),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_connectors::Catalog;

    fn told(blocks: &[Block]) -> String {
        serde_json::to_string(blocks).unwrap()
    }

    #[test]
    fn every_remote_server_has_a_guide_with_its_own_words_and_no_other() {
        let catalog = Catalog::shipped().unwrap();
        let remote: Vec<_> = catalog.connectors().filter(|one| one.remote.is_some()).collect();
        assert!(remote.len() > 150, "{}", remote.len());
        for one in &remote {
            for way in &one.ways {
                let blocks = of(one, way);
                let text = told(&blocks);
                assert!(matches!(blocks.first(), Some(Block::Heading { .. })), "{}: {text}", one.slug);
                assert!(blocks.iter().any(|block| matches!(block, Block::List { ordered: true, .. })), "{}", one.slug);
                assert!(text.contains(&one.display_name), "{}: {text}", one.slug);
                for word in ["{app}", "{server}", "{kind}", "{place}", "{label}", "“”"] {
                    assert!(!text.contains(word), "{}: {word} in {text}", one.slug);
                }
            }
        }
    }

    #[test]
    fn it_goes_by_how_people_sign_in() {
        let catalog = Catalog::shipped().unwrap();
        let first = |of: &dyn Fn(&Auth) -> bool| {
            let mut all = catalog.connectors().filter(|one| one.remote.is_some());
            let found = all.find(|one| of(one.way(None))).unwrap();
            (told(&super::of(&found, found.way(None))), found)
        };
        let (text, _) = first(&|way| way.registers_by_itself());
        assert!(text.contains("stay empty") && text.contains("Test connection"), "{text}");
        let (text, _) = first(&|way| way.kind() == AuthKind::OAuth2 && !way.registers_by_itself());
        assert!(text.contains("It registers nobody by itself"), "{text}");
        for (kind, words) in [
            (AuthKind::ApiKey, "It goes to this server alone, in the"),
            (AuthKind::Bearer, "as a bearer token"),
            (AuthKind::None, "asks for no credential"),
        ] {
            let (text, one) = first(&|way| way.kind() == kind);
            assert!(text.contains(words), "{}: {text}", one.slug);
            let label = one.way(None).fields().first().map(|field| field.label.clone()).unwrap_or_default();
            assert!(text.contains(&label), "{}: {text}", one.slug);
        }
        let (text, _) = first(&|way| way.kind() == AuthKind::Basic);
        assert!(text.contains("HTTP Basic"), "{text}");
    }

    #[test]
    fn a_connector_with_a_guide_of_its_own_keeps_it_and_one_that_is_no_server_has_none() {
        let catalog = Catalog::shipped().unwrap();
        let named = |slug: &str| catalog.connector(slug).unwrap();
        assert_eq!(of(&named("gmail"), named("gmail").way(None)), guide::of("gmail"));
        assert!(of(&named("githubpat"), named("githubpat").way(None)) == guide::of("githubpat"));
    }

    #[test]
    fn a_name_is_text_whatever_stands_in_it() {
        let words =
            [("{app}", "**x** <b>y</b> [z](https://evil.example) {server}".to_owned()), ("{server}", "s".to_owned())];
        let blocks = guide::filled("## {app}\n\n{app} at `{server}`.\n", &words);
        let text = told(&blocks);
        assert!(
            !text.contains("\"strong\":true") && text.contains("\"href\":null") && !text.contains("\"href\":\""),
            "{text}"
        );
        assert!(text.contains("{server}"), "what a name says is not filled again: {text}");
    }
}
