//! An authorization as its row has it.

use crate::row::misfit;
use crate::{Error, Row};
use serde::{Deserialize, Serialize};
use valetkey_domain::authorization::{Authorization, Outcome, Stage, Started, VerifyAt};

/// Reads one out of a row of its table.
pub(crate) fn read(row: &Row) -> Result<Authorization, Error> {
    row.fit("authorizations", |row| {
        Ok(Authorization {
            id: row.parsed("id")?,
            environment: row.parsed("environment_id")?,
            connection: row.parsed("connection_id")?,
            account: row.parsed("account_id")?,
            stage: stage(row)?,
            asked: row.optional_text("asked_scopes")?.map(|_| row.json("asked_scopes")).transpose()?,
            verify: verify(row)?,
            link_expires_at: row.timestamp("link_expires_at")?,
            created_at: row.timestamp("created_at")?,
        })
    })
}

fn verify(row: &Row) -> Result<Option<VerifyAt>, Error> {
    let Some(url) = row.optional_text("verify_url")? else { return Ok(None) };
    let state = row.optional_text("verify_state")?.map(str::to_owned);
    Ok(Some(VerifyAt { url: url.to_owned(), state }))
}

fn stage(row: &Row) -> Result<Stage, Error> {
    match row.text("stage")? {
        "linked" => Ok(Stage::Linked),
        "started" => Ok(Stage::Started(started(row)?)),
        "exchanging" => Ok(Stage::Exchanging(started(row)?)),
        "done" => Ok(Stage::Done {
            outcome: row.json::<Stored>("outcome")?.into(),
            at: row.timestamp("done_at")?,
            words: row.optional_text("provider_words")?.map(str::to_owned),
            browser: row.optional_hash("browser_hash")?,
        }),
        _ => Err(misfit("stage", "is none of linked, started, exchanging, done")),
    }
}

fn started(row: &Row) -> Result<Started, Error> {
    Ok(Started {
        browser: row.hash("browser_hash")?,
        state: row.hash("state_hash")?,
        verifier: row.sealed("verifier")?,
        redirect_uri: row.text("redirect_uri")?.to_owned(),
        expires_at: row.timestamp("consent_expires_at")?,
    })
}

/// [`Outcome`] as stored: `{"is":"connected_without","scopes":[..]}`.
#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
enum Stored {
    Connected,
    ConnectedWithout { scopes: Vec<String> },
    Declined,
    Refused { code: String },
    ProviderFailed,
    OtherAccount { before: String, now: String },
    Unconfirmed,
    Expired,
    Interrupted,
}

/// How a stored [`Outcome::Refused`] begins, whatever its code.
pub(super) const REFUSED_LIKE: &str = "{\"is\":\"refused\",%";

impl From<Stored> for Outcome {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Connected => Self::Connected,
            Stored::ConnectedWithout { scopes } => Self::ConnectedWithout(scopes),
            Stored::Declined => Self::Declined,
            Stored::Refused { code } => Self::Refused(code),
            Stored::ProviderFailed => Self::ProviderFailed,
            Stored::OtherAccount { before, now } => Self::OtherAccount { before, now },
            Stored::Unconfirmed => Self::Unconfirmed,
            Stored::Expired => Self::Expired,
            Stored::Interrupted => Self::Interrupted,
        }
    }
}

/// An outcome as it is stored.
pub(super) fn outcome_text(outcome: &Outcome) -> String {
    let stored = match outcome.clone() {
        Outcome::Connected => Stored::Connected,
        Outcome::ConnectedWithout(scopes) => Stored::ConnectedWithout { scopes },
        Outcome::Declined => Stored::Declined,
        Outcome::Refused(code) => Stored::Refused { code },
        Outcome::ProviderFailed => Stored::ProviderFailed,
        Outcome::OtherAccount { before, now } => Stored::OtherAccount { before, now },
        Outcome::Unconfirmed => Stored::Unconfirmed,
        Outcome::Expired => Stored::Expired,
        Outcome::Interrupted => Stored::Interrupted,
    };
    serde_json::json!(stored).to_string()
}
