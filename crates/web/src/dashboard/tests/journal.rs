//! Who did it stands in the journal, whatever form it was done by.

use super::addresses::addresses;
use super::hostile::Owner;
use super::{OWN, signed_in};
use crate::tests::harness::{Site, site_at};
use http::{Method, StatusCode};
use std::collections::BTreeSet;
use valetkey_domain::member::Role;

/// Forms that show what they made on the page that answers them.
const SHOW: [&str; 6] = ["/webhooks/create", "/rotate", "/settings/clients", "/settings/members", "/link", "/links"];

/// Forms that change nothing here, with why. All others have to.
const NOTHING: [&str; 7] = [
    // What lasts no longer than a session.
    "/sign-out",
    // Nothing was given up that could be sent again.
    "/webhooks/whk_1/replay",
    // A question, and a look at a document.
    "/why",
    "/providers/import",
    "/providers/acme:1/import",
    // Nobody has signed in, so that nothing is called.
    "/playground",
    // Another one's provider would be asked.
    "/connections/conn_1/test",
];

/// What a page says of what went wrong.
fn said(text: &str) -> &str {
    let from = ["id=\"wrong\">", "<main"].iter().find_map(|mark| text.split_once(*mark)).map_or(text, |(_, rest)| rest);
    from.get(..400).unwrap_or(from)
}

async fn records(site: &Site) -> i64 {
    let sql = "SELECT count(*) AS n FROM journal WHERE actor LIKE 'member:%'";
    site.store.read().await.unwrap().one(sql, []).await.unwrap().unwrap().integer("n").unwrap()
}

#[tokio::test]
async fn every_form_that_changes_something_is_in_the_journal_with_the_member() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Owner).await;
    let owner = Owner { site: &site, cookie, token };
    let there = owner.furnish().await;
    let (mut changed, mut idle, mut other) = (BTreeSet::new(), Vec::new(), String::new());
    let mut forms: Vec<_> = addresses(&site).into_iter().filter(|one| one.method == Method::POST).collect();
    // What takes away what others need comes after them, and what ends the session at the very end.
    forms.sort_by_key(|one| match one.path.as_str() {
        "/sign-out" => 3,
        path if !path.ends_with("/delete") => 0,
        path if path.contains("/configs/") || path.contains("/connections/") => 2,
        _ => 1,
    });
    for one in forms {
        let path = there.iter().fold(one.path.clone(), |path, (name, id)| path.replace(name, id));
        if NOTHING.contains(&one.path.as_str()) {
            continue;
        }
        if path == format!("/connections/{}/delete", site.connection) {
            // The config that a form above made needs it.
            owner.post(&format!("/configs/{other}/delete"), &[]).await;
        }
        let before = records(&site).await;
        let mut fields: Vec<_> = form_urlencoded::parse(one.form.as_bytes()).into_owned().collect();
        let page = path.replace("/rollback", "/versions/1").replace("/import/save", "");
        fields.extend(owner.seen(&page).await);
        let seen = owner.post(&path, &fields).await;
        if path == "/configs/create" {
            other = seen.location.rsplit('/').next().and_then(|end| end.split('?').next()).unwrap().to_owned();
        }
        let shows = seen.status == StatusCode::OK && SHOW.iter().any(|end| path.ends_with(end));
        if seen.status == StatusCode::SEE_OTHER || (shows && !seen.text.contains("id=\"wrong\"")) {
            assert!(records(&site).await > before, "{path}: nothing is recorded");
            changed.insert(one.path.clone());
        } else {
            idle.push(format!("{path}: {} {}", seen.status, said(&seen.text)));
        }
    }
    assert!(idle.is_empty(), "{idle:#?}");
    assert!(changed.len() > 35, "{changed:?}");
}
