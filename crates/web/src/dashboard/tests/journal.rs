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

/// Forms that change nothing here: what lasts no longer than a session, and sending again what was never given up.
const NOTHING: [&str; 2] = ["/sign-out", "/webhooks/whk_1/replay"];

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
    let mut changed = BTreeSet::new();
    for one in addresses(&site).into_iter().filter(|one| one.method == Method::POST) {
        let path = there.iter().fold(one.path.clone(), |path, (name, id)| path.replace(name, id));
        if NOTHING.contains(&one.path.as_str()) {
            continue;
        }
        let before = records(&site).await;
        let fields: Vec<_> = form_urlencoded::parse(one.form.as_bytes()).into_owned().collect();
        let seen = owner.post(&path, &fields).await;
        let shows = seen.status == StatusCode::OK && SHOW.iter().any(|end| path.ends_with(end));
        if seen.status == StatusCode::SEE_OTHER || (shows && !seen.text.contains("id=\"wrong\"")) {
            assert!(records(&site).await > before, "{path}: nothing is recorded");
            changed.insert(one.path.clone());
        }
    }
    // Most of them did something; those that need what is not there did not.
    assert!(changed.len() > 15, "{changed:?}");
}
