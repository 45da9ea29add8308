//! Who gets in, and that a stranger does not.

use super::*;
use crate::{accounts, authorizations, fixture, registrations, sessions};
use valetkey_domain::id::TokenId;
use valetkey_domain::name::Identifier;
use valetkey_domain::session::Access;

#[tokio::test]
async fn an_instance_says_its_environment() {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    let (.., put) = fixture::chain(&db.ours, &mut tx).await;
    let key = |id: &str| DataKeyId::parse(id).unwrap();
    let add = "INSERT INTO data_keys (id, environment_id, purpose, generation, root_version, wrapped, created_at)
        VALUES ($1, $2, $3, 1, 'v', $4, 0)";
    tx.run(add, args!["key_url", &db.ours.environment, "url", &[0; 32]]).await.unwrap();
    tx.run(add, args!["key_other", &db.ours.environment, "client", &[0; 32]]).await.unwrap();
    let (found, version) = instance(&mut tx, &put.id, &key("key_url")).await.unwrap().unwrap();
    assert!(instance(&mut tx, &put.id, &key("key_gone")).await.unwrap().is_none());
    assert!(instance(&mut tx, &put.id, &key("key_other")).await.unwrap().is_none());
    assert_eq!((found, version), (put, 1));
    assert!(instance(&mut tx, &InstanceId::parse("inst_none").unwrap(), &key("key_url")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_is_what_its_config_or_connection_its_accounts_its_client_and_its_user_are() {
    let there = fixture::two_environments().await;
    let mut tx = there.store.write().await.unwrap();
    let (ours, now) = (&there.ours, fixture::now());
    let (connection, config, _) = fixture::chain(ours, &mut tx).await;
    let account = fixture::account(ours, "1", "ann");
    accounts::insert(ours, &mut tx, &account).await.unwrap();
    let of = |opens: Opens| Session {
        token: TokenId::parse("tkn_1").unwrap(),
        environment: ours.environment.clone(),
        identifier: account.owner.identifier.clone(),
        opens,
        access: Access::Full,
        accounts: vec![account.id.clone(), AccountId::parse("ca_gone").unwrap()],
        ends: 0,
        client: Some((ClientId::parse("skc_1").unwrap(), 1)),
        url_key: DataKeyId::parse("key_url").unwrap(),
        expires_at: now,
    };
    let add = "INSERT INTO data_keys (id, environment_id, purpose, generation, root_version, wrapped, created_at)
        VALUES ('key_url', $1, 'url', 1, 'v', $2, 0)";
    tx.run(add, args![&ours.environment, &[0; 32]]).await.unwrap();
    let by_config = of(Opens::Config(config.id.clone(), 1));
    let by_connection = of(Opens::Connection(connection.id.clone()));
    let found = SessionFound { ends: 0, client_version: None, accounts: 1, connection: None };
    assert_eq!(session(&mut tx, &by_config).await.unwrap(), Some(found.clone()));
    let mapping = Mapping { tools: vec![], ..config.mappings[0].clone() };
    let whole = SessionFound { connection: Some(mapping), ..found };
    assert_eq!(session(&mut tx, &by_connection).await.unwrap(), Some(whole.clone()));
    // Another user's, another environment's, another version's.
    let bob = Session { identifier: Identifier::parse("bob").unwrap(), ..by_connection.clone() };
    assert_eq!(session(&mut tx, &bob).await.unwrap().unwrap().accounts, 0);
    for one in [&by_config, &by_connection] {
        let theirs = Session { environment: there.theirs.environment.clone(), ..one.clone() };
        assert_eq!(session(&mut tx, &theirs).await.unwrap(), None);
    }
    assert_eq!(session(&mut tx, &of(Opens::Config(config.id, 2))).await.unwrap(), None);
    let other_key = Session { url_key: DataKeyId::parse("key_gone").unwrap(), ..by_config.clone() };
    assert_eq!(session(&mut tx, &other_key).await.unwrap(), None);
    // What changes is seen.
    sessions::end(ours, &mut tx, Some(&account.owner.identifier), now).await.unwrap();
    let client = "INSERT INTO api_clients (id, environment_id, name, scopes, version, created_at)
        VALUES ('skc_1', $1, 'app', '[]', 4, 0)";
    tx.run(client, args![&ours.environment]).await.unwrap();
    let changed = SessionFound { ends: 1, client_version: Some(4), ..whole };
    assert_eq!(session(&mut tx, &by_connection).await.unwrap(), Some(changed));
    tx.run("UPDATE connections SET enabled = 0", []).await.unwrap();
    assert_eq!(session(&mut tx, &by_connection).await.unwrap(), None);
}

#[tokio::test]
async fn an_authorization_is_found_by_hash_alone() {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    let (connection, ..) = fixture::chain(&db.ours, &mut tx).await;
    let environment = &db.ours.environment;
    let account = fixture::account(&db.ours, "1", "ann");
    accounts::insert(&db.ours, &mut tx, &account).await.unwrap();
    let authorization = "INSERT INTO authorizations (id, environment_id, connection_id, account_id, stage,
            link_hash, link_expires_at, state_hash, created_at)
        VALUES ('auth_1', $1, $2, 'ca_1', 'started', $3, 0, $4, 0)";
    tx.run(authorization, args![environment, &connection.id, &[1; 32], &[2; 32]]).await.unwrap();
    let expected = Some((environment.clone(), AuthorizationId::parse("auth_1").unwrap()));
    assert_eq!(authorization_by_link(&mut tx, &[1; 32]).await.unwrap(), expected);
    assert_eq!(authorization_by_state(&mut tx, &[2; 32]).await.unwrap(), expected);
    assert_eq!(authorization_by_link(&mut tx, &[2; 32]).await.unwrap(), None);
    assert_eq!(authorization_by_state(&mut tx, &[1; 32]).await.unwrap(), None);
}

#[tokio::test]
async fn what_a_process_was_at_is_found_by_its_name_and_only_while_it_is_at_it() {
    let db = fixture::two_environments().await;
    let (dead, other) = (ProcessId::parse("proc_1").unwrap(), ProcessId::parse("proc_2").unwrap());
    db.store.add_process(&dead).await.unwrap();
    let mut tx = db.store.write().await.unwrap();
    let (ours, now) = (&db.ours, fixture::now());
    fixture::chain(ours, &mut tx).await;
    let account = fixture::account(ours, "1", "ann");
    accounts::insert(ours, &mut tx, &account).await.unwrap();
    accounts::store_credential(ours, &mut tx, &account.id, 0, &fixture::tokens(1), None, now).await.unwrap();
    let until = now + std::time::Duration::from_secs(75);
    assert!(accounts::begin_refresh(ours, &mut tx, &account.id, 1, now, until).await.unwrap());
    let left = Abandoned { environment: ours.environment.clone(), account: account.id.clone(), until };
    assert_eq!(abandoned_refreshes_of(&mut tx, &dead).await.unwrap(), [left]);
    assert!(abandoned_refreshes_of(&mut tx, &other).await.unwrap().is_empty());
    assert!(accounts::end_refresh(ours, &mut tx, &account.id, until).await.unwrap());
    assert!(abandoned_refreshes_of(&mut tx, &dead).await.unwrap().is_empty(), "it has ended");
}

#[tokio::test]
async fn a_registration_is_found_by_its_process_and_by_its_time_and_only_while_it_is_under_way() {
    let db = fixture::two_environments().await;
    let (dead, other) = (ProcessId::parse("proc_1").unwrap(), ProcessId::parse("proc_2").unwrap());
    db.store.add_process(&dead).await.unwrap();
    let mut tx = db.store.write().await.unwrap();
    let (ours, now) = (&db.ours, fixture::now());
    let (connection, ..) = fixture::chain(ours, &mut tx).await;
    let (id, until) = (&connection.id, now + std::time::Duration::from_secs(60));
    assert!(registrations::begin(ours, &mut tx, (id, 1), now, until).await.unwrap());
    let left = AbandonedRegistration { environment: ours.environment.clone(), connection: id.clone(), until };
    assert_eq!(abandoned_registrations_of(&mut tx, &dead).await.unwrap(), std::slice::from_ref(&left));
    assert!(abandoned_registrations_of(&mut tx, &other).await.unwrap().is_empty());
    assert!(abandoned_registrations(&mut tx, now).await.unwrap().is_empty(), "it is under way");
    assert_eq!(abandoned_registrations(&mut tx, until).await.unwrap(), [left]);
    assert!(registrations::end(ours, &mut tx, id, until).await.unwrap());
    assert!(abandoned_registrations_of(&mut tx, &dead).await.unwrap().is_empty(), "it has ended");
    assert!(abandoned_registrations(&mut tx, until).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_exchange_is_ended_for_the_process_that_died_and_not_for_one_that_came_after() {
    let db = fixture::two_environments().await;
    let (dead, other) = (ProcessId::parse("proc_1").unwrap(), ProcessId::parse("proc_2").unwrap());
    db.store.add_process(&dead).await.unwrap();
    let mut tx = db.store.write().await.unwrap();
    let (ours, now) = (&db.ours, fixture::now());
    let (connection, ..) = fixture::chain(ours, &mut tx).await;
    accounts::insert(ours, &mut tx, &fixture::account(ours, "1", "ann")).await.unwrap();
    let until = now + std::time::Duration::from_secs(60);
    let started = "INSERT INTO authorizations (id, environment_id, connection_id, account_id, stage, link_hash,
            link_expires_at, state_hash, consent_expires_at, created_at)
        VALUES ('auth_1', $1, $2, 'ca_1', 'started', $3, 0, $4, $5, 0)";
    let values = args![&ours.environment, &connection.id, &[1; 32], &[2; 32], until];
    tx.run(started, values).await.unwrap();
    let id = AuthorizationId::parse("auth_1").unwrap();
    assert!(authorizations::exchange(ours, &mut tx, &id, &[2; 32], now, until).await.unwrap());
    assert!(interrupted_exchanges_of(&mut tx, &other).await.unwrap().is_empty());
    let found = interrupted_exchanges_of(&mut tx, &dead).await.unwrap();
    assert_eq!(found, [(ours.environment.clone(), id.clone())]);
    assert!(!authorizations::interrupt_of(ours, &mut tx, &id, &other, now).await.unwrap());
    assert!(!authorizations::interrupt_of(&db.theirs, &mut tx, &id, &dead, now).await.unwrap());
    assert!(authorizations::interrupt_of(ours, &mut tx, &id, &dead, now).await.unwrap());
    assert!(interrupted_exchanges_of(&mut tx, &dead).await.unwrap().is_empty());
}
