//! An installation with one of everything, what the doctor says of it, and what it must not say.

mod faults;
mod healthy;
mod put_back;

use super::*;
use crate::fixture::{Fixture, HOUR, fixture};
use crate::servers::{configs, instances};
use crate::tenancy::clients;
use crate::upkeep::keys;
use valetkey_domain::config::McpConfig;
use valetkey_domain::ctx::Detached;
use valetkey_domain::id::ClientId;
use valetkey_domain::instance::McpInstance;
use valetkey_domain::time::SystemClock;
use valetkey_storage::Arg;
use valetkey_storage::portable::TableId as Table;

/// One of everything.
struct Full {
    fixture: Fixture,
    config: McpConfig,
    instance: McpInstance,
    client: ClientId,
}

async fn full() -> Full {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let (instance, _) = fixture.instance().await;
    let config = configs::get(app, ctx, &instance.config).await.unwrap();
    let client = clients::create(app, ctx, "shop", vec![]).await.unwrap().client.id;
    Full { config, instance, client, fixture }
}

async fn checks(app: &App) -> Vec<Check> {
    let progress: Arc<dyn Progress> = Arc::new(Detached);
    // The database of these tests may be a server, whose time is the real one.
    examine(app, &SystemClock, &progress).await
}

/// What is wrong with a part; nothing where it is as it should be.
async fn wrong(app: &App, part: &str) -> Vec<String> {
    let wrong = checks(app).await.into_iter().filter(|check| check.part == part && check.verdict != Verdict::Ok);
    wrong.map(|check| format!("{}: {}", check.verdict.as_str(), check.found)).collect()
}

/// Nothing is wrong with the rows nor with what is concluded from.
async fn all_is_well(app: &App, when: &str) {
    let checks = checks(app).await;
    let wrong: Vec<_> = checks
        .iter()
        .filter(|check| check.verdict != Verdict::Ok && !(check.part == "database" && check.found.contains("= off")))
        .collect();
    assert!(wrong.is_empty(), "{when}: {wrong:?}");
    let rows = checks.iter().find(|check| check.part == "rows").unwrap();
    assert!(rows.found.contains("are as the journal says"), "{when}: {}", rows.found);
}

/// Runs a statement as somebody who can write the database.
async fn by_hand(app: &App, sql: &'static str, args: Vec<Arg>) {
    let mut tx = app.core.store.write().await.unwrap();
    assert!(tx.run(sql, args).await.unwrap() > 0, "{sql}");
    tx.commit().await.unwrap();
}

/// A copy of the row of this id.
async fn copied(app: &App, table: &str, id: &str) -> Vec<Arg> {
    let mut tx = app.core.store.read().await.unwrap();
    let rows = Table::named(table).unwrap().page(&mut tx, None, 1_000).await.unwrap();
    rows.into_iter().find(|row| row[0] == Arg::from(id)).unwrap_or_else(|| panic!("{table} has no {id}"))
}

/// Puts a copied row back over the one that is there, or where it was.
async fn put_back(app: &App, table: &str, row: Vec<Arg>) {
    let columns = Table::named(table).unwrap().columns();
    let set: Vec<_> = (1..).zip(&columns).skip(1).map(|(n, column)| format!("{column} = ${n}")).collect();
    let sql: &'static str = Box::leak(format!("UPDATE {table} SET {} WHERE id = $1", set.join(", ")).into_boxed_str());
    let mut tx = app.core.store.write().await.unwrap();
    if tx.run(sql, row.clone()).await.unwrap() == 0 {
        Table::named(table).unwrap().put(&mut tx, vec![row]).await.unwrap();
    }
    tx.commit().await.unwrap();
}
