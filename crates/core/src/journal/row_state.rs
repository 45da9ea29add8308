//! What a record of a change says of the row that was changed: how often that row has changed by now, and a digest of
//! what it is. So the journal knows each row's newest state without holding it, and a row that was put back is found
//! (`valetkey_app::upkeep::doctor`).
//!
//! In the record's detail it is `"row":{"change":3,"digest":".."}`, or `"row":{"gone":true}` for one that is no more.

use crate::Result;
use serde_json::{Map, Value, json};
use valetkey_domain::id::EnvironmentId;
use valetkey_storage::Tx;
use valetkey_storage::changes::{self, Kind, State};
use valetkey_vault::DataKey;

/// The member of the detail.
const ROW: &str = "row";

/// What every detail with such a member has in it.
pub const IN_DETAIL: &str = "\"row\":{";

/// How many bytes of the digest are kept: nobody without the key can look for another text with the same.
const DIGEST_BYTES: usize = 16;

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordedRow {
    /// The row is no more.
    Deleted,
    /// The row after so many changes, and its digest.
    Changed {
        /// How many.
        change: i64,
        /// As [`digest`] gives it.
        digest: String,
    },
}

/// The kind of row that a change with this action is one of; none where no row is, or nothing that a row is changes.
fn kind(action: &str) -> Option<Kind> {
    // A lease and a lost answer are no part of what an account or a connection is, and every refresh would pay for them.
    // Nor is what becomes at the provider of tokens and clients that are not used here.
    if matches!(
        action,
        "account.refresh_begun"
            | "account.refresh_failed"
            | "account.refresh_lost"
            | "account.refreshed_late"
            | "account.secrets_read"
            | "account.revoked"
            | "account.not_revoked"
            | "account.revocation_failed"
            | "account.revocation_given_up"
            | "connection.registration_begun"
            | "connection.registration_failed"
            | "connection.registration_lost"
            | "connection.registration_unused"
    ) {
        return None;
    }
    Some(match action.split_once('.')?.0 {
        "environment" => Kind::Environment,
        "key" => Kind::DataKey,
        "signing_key" => Kind::SigningKey,
        "client" => Kind::Client,
        "connection" => Kind::Connection,
        "account" => Kind::Account,
        "config" => Kind::Config,
        "instance" => Kind::Instance,
        "member" => Kind::Member,
        "webhook" => Kind::Webhook,
        "organization" => Kind::Organization,
        "provider" => Kind::Provider,
        _ => return None,
    })
}

/// Counts the change in its row: what the row is now, `Some(None)` for one that is no more; none where the action is of
/// no row.
pub(super) async fn count(tx: &mut Tx, action: &str, subject: &str) -> Result<Option<Option<State>>> {
    let Some(kind) = kind(action) else { return Ok(None) };
    Ok(Some(changes::count(tx, kind, subject).await?))
}

/// Says it in the record's detail. `key` is the one that the record is sealed under.
pub(super) fn write(
    detail: &mut Map<String, Value>,
    key: &DataKey,
    environment: &EnvironmentId,
    row: Option<&State>,
) -> Result<()> {
    let state = match row {
        None => json!({ "gone": true }),
        Some(State { changes, text }) => {
            json!({ "change": changes, "digest": digest(key, environment.as_str(), text)? })
        }
    };
    detail.insert(ROW.to_owned(), state);
    Ok(())
}

/// What a record's detail says, if it says anything of a row.
pub fn read(detail: &Map<String, Value>) -> Option<RecordedRow> {
    let row = detail.get(ROW)?;
    if row.get("gone").and_then(Value::as_bool) == Some(true) {
        return Some(RecordedRow::Deleted);
    }
    let (change, digest) = (row.get("change")?.as_i64()?, row.get("digest")?.as_str()?.to_owned());
    Some(RecordedRow::Changed { change, digest })
}

/// The digest of what a row is, under the key that seals the record: rows name people, who may be gone from here when the
/// record is read.
pub fn digest(key: &DataKey, environment: &str, text: &str) -> Result<String> {
    let digest = key.digest(&format!("row {environment}"), text.as_bytes())?;
    Ok(hex::encode(digest.get(..DIGEST_BYTES).unwrap_or(&digest)))
}
