//! Whoever can write the database puts rows back: each kind, each way, and the doctor names it.

use super::*;
use crate::accounts::{self, AccountRef};
use crate::connections::{self, Change};
use crate::servers::configs::NewMapping;
use crate::tenancy::environments;
use crate::upkeep::keys::KeySelection;
use std::time::Duration;
use valetkey_domain::Secret;
use valetkey_vault::Purpose;

/// The only thing that is wrong, which is said of the row of this id.
async fn only(app: &App, id: &str, says: &str) {
    let wrong = wrong(app, "rows").await;
    let told =
        wrong.iter().filter(|told| told.contains(id) && told.contains(says) && told.starts_with("problem")).count();
    assert!(wrong.len() == 1 && told == 1, "{id}: {says}: {wrong:?}");
}

#[tokio::test]
async fn attack_5_an_account_with_its_tokens_from_before_a_refresh_is_named() {
    let Full { fixture, .. } = full().await;
    let (app, id) = (&fixture.app, fixture.account.id.as_str());
    let old = copied(app, "connected_accounts", id).await;
    fixture.clock.advance(Duration::from_secs(3600));
    fixture.provider.gives(HOUR);
    fixture.token(None).await.unwrap();
    all_is_well(app, "after a refresh").await;
    put_back(app, "connected_accounts", old).await;
    only(app, id, "was put back").await;
    let said = &wrong(app, "rows").await[0];
    assert!(said.contains("account.refreshed") && said.contains("account.connected"), "{said}");
    assert!(wrong(app, "sealed").await.is_empty(), "the whole row opens: only the journal knows");
}

#[tokio::test]
async fn attack_5_an_account_that_was_disconnected_and_is_active_again_is_named() {
    let Full { fixture, .. } = full().await;
    let (app, id) = (&fixture.app, fixture.account.id.as_str());
    let old = copied(app, "connected_accounts", id).await;
    accounts::disconnect(app, &fixture.ctx, &AccountRef::Id(fixture.account.id.clone())).await.unwrap();
    put_back(app, "connected_accounts", old).await;
    only(app, id, "account.disconnected").await;
}

#[tokio::test]
async fn attack_5_a_connection_with_an_old_secret_is_named() {
    let Full { fixture, .. } = full().await;
    let (app, ctx, id) = (&fixture.app, &fixture.ctx, fixture.connection.id.as_str());
    let old = copied(app, "connections", id).await;
    let change = Change { client_secret: Some(Secret::from("another")), ..Change::default() };
    connections::update(app, ctx, &fixture.connection, change).await.unwrap();
    put_back(app, "connections", old).await;
    only(app, id, "connection.updated").await;
}

#[tokio::test]
async fn attack_5_an_old_secret_alone_in_a_connection_is_named_though_it_opens() {
    let Full { fixture, .. } = full().await;
    let (app, ctx, id) = (&fixture.app, &fixture.ctx, fixture.connection.id.as_str());
    let change = Change { client_secret: Some(Secret::from("another")), ..Change::default() };
    connections::update(app, ctx, &fixture.connection, change).await.unwrap();
    let old = fixture.connection.client_secret.as_ref().unwrap().0.clone();
    by_hand(app, "UPDATE connections SET client_secret = $1", vec![Arg::Bytes(old)]).await;
    only(app, id, "was changed without a record since").await;
    assert!(wrong(app, "sealed").await.is_empty(), "the seal knows no generation");
}

#[tokio::test]
async fn attack_5_an_account_that_ended_with_its_endpoints_and_is_active_again_is_named() {
    let Full { fixture, .. } = full().await;
    let (app, ctx, id) = (&fixture.app, &fixture.ctx, fixture.account.id.as_str());
    let old = copied(app, "connected_accounts", id).await;
    let mut settings = fixture.connection.settings.clone();
    settings.token_url = Some("https://elsewhere.example/token".into());
    let change = Change { settings: Some(settings), ..Change::default() };
    connections::update(app, ctx, &fixture.connection, change).await.unwrap();
    all_is_well(app, "after the endpoints changed").await;
    put_back(app, "connected_accounts", old).await;
    only(app, id, "account.expired").await;
}

#[tokio::test]
async fn attack_5_an_ended_secret_or_an_older_version_of_a_client_is_named() {
    let Full { fixture, client, .. } = full().await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let old = copied(app, "api_clients", client.as_str()).await;
    clients::rotate(app, ctx, &client, None).await.unwrap();
    clients::expire(app, ctx, &client).await.unwrap();
    all_is_well(app, "after a client's secrets ended").await;
    by_hand(app, "UPDATE api_client_secrets SET expires_at = NULL", vec![]).await;
    only(app, client.as_str(), "was changed without a record since").await;
    put_back(app, "api_clients", old).await;
    only(app, client.as_str(), "was put back: it has 1 of 3 changes").await;
}

#[tokio::test]
async fn attack_5_a_config_with_an_old_whitelist_is_named() {
    let Full { fixture, config, .. } = full().await;
    let (app, ctx, id) = (&fixture.app, &fixture.ctx, config.id.as_str());
    let old = copied(app, "mcp_configs", id).await;
    let narrow = NewMapping { connection: "MY_ACME".into(), tools: vec!["acme_list_things".into()] };
    configs::update(app, ctx, &config.id, None, Some(vec![narrow])).await.unwrap();
    all_is_well(app, "after a whitelist changed").await;
    let mut tx = app.core.store.read().await.unwrap();
    let narrow = tx.one("SELECT tools FROM mcp_config_mappings", []).await.unwrap().unwrap();
    let narrow = narrow.text("tools").unwrap().to_owned();
    drop(tx);
    by_hand(app, "UPDATE mcp_config_mappings SET tools = '[]'", vec![]).await;
    only(app, id, "was changed without a record").await;
    by_hand(app, "UPDATE mcp_config_mappings SET tools = $1", vec![narrow.into()]).await;
    all_is_well(app, "put right").await;
    put_back(app, "mcp_configs", old).await;
    only(app, id, "config.updated").await;
}

#[tokio::test]
async fn attack_5_an_instance_whose_old_url_is_back_is_named() {
    let Full { fixture, instance, .. } = full().await;
    let (app, id) = (&fixture.app, instance.id.as_str());
    let old = copied(app, "mcp_instances", id).await;
    instances::rotate_url(app, &fixture.ctx, &instance.id).await.unwrap();
    instances::url(app, &fixture.ctx, &instance).await.unwrap();
    put_back(app, "mcp_instances", old).await;
    only(app, id, "instance.url_rotated").await;
}

#[tokio::test]
async fn attack_5_an_environment_and_a_signing_key_that_were_put_back_are_named() {
    let Full { fixture, .. } = full().await;
    let (app, environment) = (&fixture.app, fixture.ctx.environment.clone());
    let old = copied(app, "environments", environment.as_str()).await;
    environments::rename(app, environments::FIRST, Some("Acme")).await.unwrap();
    put_back(app, "environments", old.clone()).await;
    only(app, environment.as_str(), "environment.updated").await;
    accept(app, environment.as_str()).await.unwrap();
    all_is_well(app, "accepted").await;

    let first = app.core.keyring.jwks()["keys"][0]["kid"].as_str().unwrap().to_owned();
    keys::rotate(app, &KeySelection { environment: None, purposes: vec![Purpose::Signing] }, &Detached).await.unwrap();
    all_is_well(app, "another key signs").await;
    by_hand(app, "UPDATE signing_keys SET retired_at = NULL WHERE id = $1", vec![first.as_str().into()]).await;
    only(app, &first, "signing_key.retired").await;
}

#[tokio::test]
async fn attack_5_whatever_was_deleted_and_is_back_is_named() {
    let Full { fixture, config, instance, client } = full().await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let url_key = keys::list(app).await.unwrap().into_iter().find(|key| key.purpose == "url").unwrap().id;
    let mut old = Vec::new();
    for (table, id) in [
        ("data_keys", url_key.as_str()),
        ("api_clients", client.as_str()),
        ("connections", fixture.connection.id.as_str()),
        ("connected_accounts", fixture.account.id.as_str()),
        ("mcp_configs", config.id.as_str()),
        ("mcp_instances", instance.id.as_str()),
    ] {
        old.push((table, id.to_owned(), copied(app, table, id).await));
    }
    keys::rotate(app, &KeySelection { environment: None, purposes: vec![Purpose::Url] }, &Detached).await.unwrap();
    clients::delete(app, ctx, &client).await.unwrap();
    instances::delete(app, ctx, &instance.id).await.unwrap();
    configs::delete(app, ctx, &config.id).await.unwrap();
    accounts::delete_connection(app, ctx, &fixture.connection.id).await.unwrap();
    all_is_well(app, "all of it is deleted").await;
    for (table, _, row) in &old {
        put_back(app, table, row.clone()).await;
    }
    let wrong = wrong(app, "rows").await;
    assert_eq!(wrong.len(), old.len(), "{wrong:?}");
    for (table, id, _) in &old {
        assert!(wrong.iter().any(|told| told.contains(&format!("{table} {id} is back"))), "{id}: {wrong:?}");
        assert!(accept(app, id).await.unwrap_err().message().contains("delete it again"));
    }
}

#[tokio::test]
async fn attack_5_a_count_that_was_raised_and_a_row_that_was_planted_are_named() {
    let Full { fixture, client, .. } = full().await;
    let app = &fixture.app;
    by_hand(app, "UPDATE api_clients SET changes = 9 WHERE id = $1", vec![client.as_str().into()]).await;
    only(app, client.as_str(), "has 9 changes, and the newest that the journal tells of is number 1").await;
    let mut planted = copied(app, "api_clients", client.as_str()).await;
    planted[0] = "skc_planted".into();
    by_hand(app, "UPDATE api_clients SET changes = 1 WHERE id = $1", vec![client.as_str().into()]).await;
    put_back(app, "api_clients", planted).await;
    only(app, "skc_planted", "it was planted").await;
    by_hand(app, "UPDATE api_clients SET changes = 0 WHERE id = 'skc_planted'", vec![]).await;
    let told = wrong(app, "rows").await;
    assert!(told.len() == 1 && told[0].starts_with("warning") && told[0].contains("skc_planted"), "{told:?}");
}

#[tokio::test]
async fn attack_5_who_also_removes_the_records_that_tell_is_named_by_them() {
    let Full { fixture, instance, .. } = full().await;
    let (app, id) = (&fixture.app, instance.id.as_str());
    let old = copied(app, "mcp_instances", id).await;
    instances::rotate_url(app, &fixture.ctx, &instance.id).await.unwrap();
    app.core.journal.head().await.unwrap();
    put_back(app, "mcp_instances", old).await;
    let told = wrong(app, "rows").await;
    assert!(told.len() == 1, "{told:?}");
    by_hand(app, "DELETE FROM journal WHERE action = 'instance.url_rotated'", vec![]).await;
    assert!(wrong(app, "rows").await.is_empty(), "nothing tells of the change any more");
    let journal = wrong(app, "journal").await;
    assert!(journal.len() == 1 && journal[0].starts_with("problem"), "{journal:?}");
}

#[tokio::test]
async fn a_row_that_the_operator_accepts_fits_from_then_on() {
    let Full { fixture, instance, .. } = full().await;
    let (app, ctx, id) = (&fixture.app, &fixture.ctx, instance.id.as_str());
    assert!(accept(app, id).await.unwrap_err().message().contains("nothing to accept"));
    assert!(accept(app, "inst_none").await.unwrap_err().message().contains("inst_none"));
    let old = copied(app, "mcp_instances", id).await;
    for _ in 0..3 {
        instances::rotate_url(app, ctx, &instance.id).await.unwrap();
    }
    put_back(app, "mcp_instances", old.clone()).await;
    only(app, id, "was put back: it has 1 of 4 changes").await;
    accept(app, id).await.unwrap();
    all_is_well(app, "accepted").await;
    instances::rotate_url(app, ctx, &instance.id).await.unwrap();
    all_is_well(app, "changed after that").await;
    put_back(app, "mcp_instances", old).await;
    only(app, id, "was put back: it has 1 of 6 changes").await;
}
