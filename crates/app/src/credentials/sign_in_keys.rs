//! Each key of a connector file by which people sign in is seen in what is sent for it, or in what becomes of the answer: a
//! whole sign-in, a renewal, a lost answer, a refused one, and the end, at a provider on a real socket (`oauth`); what is
//! typed in place of it, and tried (`typed`). The keys come from the format's schema: a new one fails here until it has its
//! line.

mod oauth;
mod typed;

use crate::accounts::{self, AccountRef};
use crate::fixture::Fixture;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use valetkey_domain::id::AccountId;
use valetkey_storage::Arg;

/// A key, what stands in the base file, and what stands there instead.
type Line = (&'static str, &'static str, &'static str);

/// Keys that another test shows, and where that is.
const ELSEWHERE: [(&str, &str, &str); 1] = [(
    "auth[].kind",
    "crates/app/src/credentials/schemes/present.rs",
    "fn each_kind_stands_where_its_app_looks_for_it()",
)];

/// The keys below a schema, as lines name them.
fn named(schema: &Value, at: &str, into: &mut BTreeSet<String>) {
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        named(inner, &path, into);
        named(&inner["items"], &format!("{path}[]"), into);
        named(&inner["additionalProperties"], &format!("{path}.*"), into);
        into.insert(path);
    }
}

#[test]
fn every_key_of_signing_in_has_its_line() {
    let schema: Value = serde_json::from_str(valetkey_connectors::SCHEMA).unwrap();
    let mut all = BTreeSet::new();
    named(&schema["$defs"]["requests"], "", &mut all);
    all.retain(|key| key.starts_with("auth[].") || key.split('.').next() == Some("verify"));
    let lines = oauth::LINES.iter().chain(&typed::LINES).map(|(key, ..)| *key);
    let shown: BTreeSet<String> = lines.chain(ELSEWHERE.iter().map(|(key, ..)| *key)).map(str::to_owned).collect();
    assert_eq!(shown, all, "the lines, and the keys of catalogue/connector.schema.json");
    for (key, file, test) in ELSEWHERE {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)).unwrap();
        assert!(text.contains(test), "{key}: {file} has no {test}");
    }
}

/// Shows that each line changes what is seen of the base file.
async fn each_shows<F: Future<Output = String>>(base: &str, lines: &[Line], seen: impl Fn(String) -> F) {
    let all = seen(base.to_owned()).await;
    assert_eq!(all, seen(base.to_owned()).await, "what is seen of a file is the same each time");
    for (key, from, to) in lines {
        assert!(base.contains(from), "{key}: the base has it");
        let changed = seen(base.replace(from, to)).await;
        assert_ne!(changed, all, "{key}: it is not seen");
    }
}

/// What was asked, without the provider's address and what is drawn anew each time.
fn requests(fixture: &Fixture) -> String {
    without_address(fixture, &fixture.provider.requests().join("\n\n"))
}

fn without_address(fixture: &Fixture, text: &str) -> String {
    let address = fixture.connection.settings.token_url.as_ref().unwrap().replace("/token", "");
    let text = text.replace(address.trim_start_matches("http://"), "PROVIDER");
    ["state=", "code_challenge=", "code_verifier="].into_iter().fold(text, |text, name| {
        let (before, rest) = text.split_once(name).map_or((text.as_str(), None), |(before, rest)| (before, Some(rest)));
        let after =
            rest.map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-'));
        after.map_or_else(|| before.to_owned(), |after| format!("{before}{name}…{after}"))
    })
}

/// What is known of an account.
async fn account(fixture: &Fixture, id: &AccountId) -> String {
    let (_, account) = accounts::get(&fixture.app, &fixture.ctx, &AccountRef::Id(id.clone())).await.unwrap();
    let sql = "SELECT id, next_refresh_at, subject_name FROM connected_accounts WHERE id = $1";
    let row = fixture.app.core.store.read().await.unwrap().one(sql, [Arg::from(id)]).await.unwrap().unwrap();
    // The hour of the token less a margin by chance, or sooner.
    let soon = fixture.app.core.now() + Duration::from_secs(50 * 60);
    let due = row.timestamp("next_refresh_at").ok().map(|due| due < soon);
    let (kept, name) = (account.credential, row.optional_text("subject_name").unwrap());
    let kept = kept.map(|kept| (kept.refreshable, kept.generation, kept.audience.len()));
    format!("{:?} {:?} {:?} {name:?} {kept:?} {due:?}\n", account.status, account.scopes, account.subject)
}
