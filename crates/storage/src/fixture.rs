//! What the tests of the query modules begin with: two environments, and nouns to put into them.

use crate::accounts::{Schedule, Tokens};
use crate::{Location, Store, Tx, configs, connections, environments, instances};
use serde_json::Map;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;
use valetkey_domain::account::{ConnectedAccount, Owner, Status};
use valetkey_domain::approval::Approvals;
use valetkey_domain::config::{Mapping, McpConfig, Options};
use valetkey_domain::connection::{Connection, Settings};
use valetkey_domain::ctx::{Actor, Detached};
use valetkey_domain::environment::Environment;
use valetkey_domain::id::{AccountId, ConfigId, ConnectionId, EnvironmentId, InstanceId, RequestId};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::name::{ConfigName, ConnectionName, Identifier, InstanceName};
use valetkey_domain::{Clock, Ctx, Sealed, Timestamp};
use valetkey_testkit::ManualClock;

/// A store with two environments.
pub(crate) struct TwoEnvironments {
    pub(crate) store: Store,
    /// The operator in the environment where things are made.
    pub(crate) ours: Ctx,
    /// The operator in the other one, who must find none of them.
    pub(crate) theirs: Ctx,
}

/// A new database: on PostgreSQL if the tests are told where there is one, else on SQLite.
pub(crate) async fn store() -> Store {
    Store::open(&location()).await.unwrap()
}

/// Where there is no database yet.
pub(crate) fn location() -> Location {
    valetkey_testkit::postgres().map_or(Location::Memory, Location::from)
}

pub(crate) async fn two_environments() -> TwoEnvironments {
    let store = store().await;
    let (ours, theirs) = (ctx("env_ours"), ctx("env_theirs"));
    let mut tx = store.write().await.unwrap();
    for ctx in [&ours, &theirs] {
        let name = ctx.environment.to_string();
        let environment = Environment {
            id: ctx.environment.clone(),
            name,
            display_name: None,
            user_verify_mode: None,
            user_verify_url: None,
            brand: Default::default(),
            created_at: now(),
        };
        environments::insert(&mut tx, &environment).await.unwrap();
    }
    tx.commit().await.unwrap();
    TwoEnvironments { store, ours, theirs }
}

pub(crate) fn now() -> Timestamp {
    ManualClock::default().now()
}

pub(crate) fn ctx(environment: &str) -> Ctx {
    Ctx {
        environment: EnvironmentId::parse(environment).unwrap(),
        actor: Actor::Operator,
        request: RequestId::parse("req_1").unwrap(),
        deadline: now(),
        cancellation: Arc::new(Detached),
        progress: Arc::new(Detached),
    }
}

/// A connection that isn't in the database yet; `tail` makes id and name.
pub(crate) fn connection(ctx: &Ctx, tail: &str) -> Connection {
    Connection {
        id: ConnectionId::parse(&format!("conn_{tail}")).unwrap(),
        environment: ctx.environment.clone(),
        name: ConnectionName::parse(&format!("Mail {tail}")).unwrap(),
        connector: "gmail".into(),
        provider: None,
        settings: Settings { client_id: Some("id".into()), ..Settings::default() },
        client_secret: Some(Sealed(vec![1, 2, 3])),
        enabled: true,
        revision: 1,
        created_at: now(),
        updated_at: now(),
    }
}

/// A config that isn't in the database yet, over these connections.
pub(crate) fn config(ctx: &Ctx, tail: &str, over: &[&Connection]) -> McpConfig {
    let mapping = |connection: &&Connection| Mapping {
        connection: connection.id.clone(),
        connection_name: connection.name.clone(),
        connector: connection.connector.clone(),
        tools: vec!["gmail_fetch_mails".into()],
    };
    McpConfig {
        id: ConfigId::parse(&format!("cfg_{tail}")).unwrap(),
        environment: ctx.environment.clone(),
        uuid: Uuid::from_u128(tail.bytes().fold(0, |number, byte| (number << 8) | u128::from(byte))),
        name: ConfigName::parse(&format!("config-{tail}")).unwrap(),
        description: "for tests".into(),
        mappings: over.iter().map(mapping).collect(),
        options: Options {
            approvals: Approvals { destructive: true, tools: vec!["gmail_fetch_mails".into()] },
            ..Options::default()
        },
        version: 1,
        created_at: now(),
        updated_at: now(),
    }
}

/// An instance that isn't in the database yet.
pub(crate) fn instance(config: &McpConfig, tail: &str, identifier: &str) -> McpInstance {
    McpInstance {
        id: InstanceId::parse(&format!("inst_{tail}")).unwrap(),
        environment: config.environment.clone(),
        config: config.id.clone(),
        config_name: config.name.clone(),
        name: InstanceName::parse(&format!("Name {tail}")).unwrap(),
        identifier: Identifier::parse(identifier).unwrap(),
        url_generation: 1,
        created_at: now(),
        updated_at: now(),
        last_used_at: None,
    }
}

/// An account of this user on the first connection that isn't in the database yet.
pub(crate) fn account(ctx: &Ctx, tail: &str, identifier: &str) -> ConnectedAccount {
    ConnectedAccount {
        id: AccountId::parse(&format!("ca_{tail}")).unwrap(),
        environment: ctx.environment.clone(),
        connection: ConnectionId::parse("conn_1").unwrap(),
        owner: Owner::of(Identifier::parse(identifier).unwrap()),
        status: Status::PendingAuth,
        scopes: vec![],
        subject: None,
        credential: None,
        refusal: None,
        api_config: Map::from_iter([("domain".to_owned(), "example".into())]),
        created_at: now(),
        updated_at: now(),
        last_used_at: None,
    }
}

/// Tokens for an account, whose seal is this byte.
pub(crate) fn tokens(sealed: u8) -> Tokens {
    Tokens {
        sealed: Sealed(vec![sealed]),
        audience: vec!["https://a.example".into()],
        scopes: vec!["read".into()],
        expires_at: Some(now() + Duration::from_secs(3600)),
        refreshable: true,
        schedule: Schedule::default(),
    }
}

/// One connection, one config over it and one instance of `ann`, in the database.
pub(crate) async fn chain(ctx: &Ctx, tx: &mut Tx) -> (Connection, McpConfig, McpInstance) {
    let connection = connection(ctx, "1");
    connections::insert(ctx, tx, &connection).await.unwrap();
    let config = config(ctx, "1", &[&connection]);
    configs::insert(ctx, tx, &config).await.unwrap();
    let instance = instance(&config, "1", "ann");
    add(ctx, tx, &instance).await;
    (connection, config, instance)
}

/// An instance more, in the total too.
pub(crate) async fn add(ctx: &Ctx, tx: &mut Tx, instance: &McpInstance) {
    instances::insert(ctx, tx, instance).await.unwrap();
    instances::count_in(ctx, tx).await.unwrap();
}
