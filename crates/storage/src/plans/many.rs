//! Two hundred thousand rows in the tables that grow, made by the database itself.

use crate::{Store, Tx};

/// How many rows there are, and how many are made by one statement.
const ROWS: u32 = 200_000;
const AT_ONCE: u32 = 25_000;

/// What is done for all of them.
const EACH: [&str; 17] = [
    "INSERT INTO journal (id, environment_id, at, actor, request_id, action, subject, phase, detail, key_id, leaf, segment,
        seq, link, call_outcome, call_connector, call_connection, call_account,
        call_source, call_run) SELECT 'rec_' || i, 'env_' || (i % 3), i, 'system', 'req_1', 'account.refreshed', 'ca_' || (i % 5000),
        'fact', '{}', 'key_1', BYTES, 'seg_' || (i % 7), i / 7, BYTES, 'ok', 'gmail',
        'conn_' || (i % 3), 'ca_' || (i % 5000), 'MCP', NULL FROM n",
    "INSERT INTO connected_accounts (id, environment_id, connection_id, identifier, organization_id, user_id, status, reason,
        scopes, audience, generation, refreshable, api_config, created_at, updated_at, credential, subject)
        SELECT 'ca_' || i, 'env_1', 'conn_' || (i % 3), 'user-' || i, '', '', 'ACTIVE', '', '[]', '[]', 1, 1, '{}', i, i, BYTES,
        'sub-' || i FROM n",
    "INSERT INTO mcp_instances (id, environment_id, config_id, identifier, name, search_text, url_generation, created_at,
        updated_at) SELECT 'inst_' || i, 'env_1', 'cfg_1', 'user-' || i, 'name', 'name', 1, i, i FROM n",
    "INSERT INTO mcp_grants (id, environment_id, instance_id, url_generation, client, turn, expires_at, created_at)
        SELECT 'grt_' || i, 'env_1', 'inst_' || i, 1, 'Agent', 2, i, i FROM n",
    "INSERT INTO authorizations (id, environment_id, connection_id, account_id, stage, link_hash, link_expires_at, created_at)
        SELECT 'auth_' || i, 'env_1', 'conn_1', 'ca_' || i, 'done', HASH, i, i FROM n",
    "INSERT INTO pending_credentials (authorization_id, environment_id, sealed, audience, scopes, refreshable, expires_at)
        SELECT 'auth_' || i, 'env_1', BYTES, '[]', '[]', 1, i FROM n",
    "INSERT INTO closings (id, environment_id, kind, subject, fate, created_at, attempts, next_at, done, failed)
        SELECT 'cls_' || i, 'env_1', 'account', 'ca_' || i, 'delete', i, 0, i, 0, 0 FROM n",
    "INSERT INTO revocations (id, environment_id, connection_id, account_id, identifier, organization_id, user_id, sealed,
        audience, endpoint, created_at, attempts, next_at) SELECT 'rvk_' || i, 'env_1', 'conn_' || (i % 3), 'ca_' || i,
        'user-' || i, '', '', BYTES, '[]', '{}', i, 0, i FROM n",
    "INSERT INTO events (id, environment_id, at, kind, account_id, connection_id, organization_id, position, data)
        SELECT 'evt_' || i, 'env_1', i, 'connected_account.created', 'ca_' || (i % 50000), 'conn_' || (i % 3), '', i, '{}'
        FROM n",
    "INSERT INTO webhook_queues (id, environment_id, webhook_id, account_id, behind, upto, attempts, next_at)
        SELECT 'whk_' || (i % 3) || ' ca_' || i, 'env_1', 'whk_' || (i % 3), 'ca_' || i, 0, i, 0, i FROM n",
    "INSERT INTO dead_letters (webhook_id, event_id, environment_id, died_at, attempts, last_error)
        SELECT 'whk_' || (i % 3), 'evt_' || i, 'env_1', i, 1, '' FROM n",
    "INSERT INTO deliveries (webhook_id, event_id, environment_id, arrived_at, attempts, status, took_ms)
        SELECT 'whk_' || (i % 3), 'evt_' || i, 'env_1', i, 1, 200, 5 FROM n",
    "INSERT INTO approvals (id, environment_id, server, call_hash, connection_id, account_id, shown, stage, link_hash,
        expires_at, created_at) SELECT 'apr_' || i, 'env_1', 'inst_' || i, HASH, 'conn_1', 'ca_' || i, BYTES, 'asked', HASH, i, i
        FROM n",
    "INSERT INTO kept_answers (id, part, environment_id, reader, account_id, sealed, bytes, expires_at)
        SELECT 'ans_' || i, 1, 'env_1', 'inst_' || (i % 5000), 'ca_' || i, BYTES, 1, i FROM n",
    "INSERT INTO tool_definitions (config_id, connection_id, name, digest, environment_id, accepted, definition, seen_at)
        SELECT 'cfg_1', 'conn_' || (i % 3), 'tool_' || i, 'd', 'env_1', i % 2, '{}', i FROM n",
    "INSERT INTO spent_states (environment_id, id, expires_at) SELECT 'env_1', 'st_' || i, i FROM n",
    "INSERT INTO session_ends (environment_id, identifier, times, ended_at) SELECT 'env_1', 'user-' || i, 1, i FROM n",
];

/// What comes before them.
const FIRST: [&str; 4] = [
    "INSERT INTO environments (id, name, created_at) VALUES ('env_0', '0', 0), ('env_1', '1', 0), ('env_2', '2', 0)",
    "INSERT INTO connections (id, environment_id, name, name_folded, connector, settings, enabled, revision, created_at,
        updated_at) VALUES ('conn_0', 'env_1', '0', '0', 'a', '{}', 1, 1, 0, 0),
        ('conn_1', 'env_1', '1', '1', 'a', '{}', 1, 1, 0, 0), ('conn_2', 'env_1', '2', '2', 'a', '{}', 1, 1, 0, 0)",
    "INSERT INTO mcp_configs (id, environment_id, uuid, name, description, version, created_at, updated_at)
        VALUES ('cfg_1', 'env_1', 'u', 'c', '', 1, 0, 0)",
    "INSERT INTO webhooks (id, environment_id, url, description, kinds, paused, secret, created_at, updated_at)
        VALUES ('whk_0', 'env_1', 'https://a.example', '', '[]', 0, BYTES, 0, 0),
        ('whk_1', 'env_1', 'https://b.example', '', '[]', 0, BYTES, 0, 0),
        ('whk_2', 'env_1', 'https://c.example', '', '[]', 0, BYTES, 0, 0)",
];

/// Fills them, and lets nobody gather statistics.
pub(super) async fn fill(store: &Store) {
    let sqlite = store.is_exclusive();
    let (bytes, hash) = if sqlite {
        ("x'00'", "CAST('link ' || i AS BLOB)")
    } else {
        ("decode('00', 'hex')", "convert_to('link ' || i, 'UTF8')")
    };
    let mut tx = store.write().await.unwrap();
    if !sqlite {
        // What refers to what is right by itself here, and costs more to look at than all the rest.
        tx.run("SET LOCAL session_replication_role = replica", []).await.unwrap();
        for table in super::LARGE {
            run(&mut tx, format!("ALTER TABLE {table} SET (autovacuum_enabled = false)")).await;
        }
    }
    for text in FIRST {
        run(&mut tx, text.replace("BYTES", bytes)).await;
    }
    for (text, first) in EACH.into_iter().flat_map(|text| (1..=ROWS).step_by(AT_ONCE as usize).map(move |i| (text, i)))
    {
        let (head, rows) = text.split_once("SELECT").unwrap();
        let numbers = numbers(sqlite, first, first + AT_ONCE - 1);
        let text = format!("{head} {numbers} SELECT {rows}").replace("BYTES", bytes).replace("HASH", hash);
        run(&mut tx, text).await;
    }
    tx.commit().await.unwrap();
}

async fn run(tx: &mut Tx, text: String) {
    tx.run(text.leak(), []).await.unwrap();
}

fn numbers(sqlite: bool, first: u32, last: u32) -> String {
    if sqlite {
        format!("WITH RECURSIVE n (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})")
    } else {
        format!("WITH n (i) AS (SELECT generate_series({first}, {last}))")
    }
}
