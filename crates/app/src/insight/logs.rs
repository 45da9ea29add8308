//! Tool calls as an app's developer sees them: which ended how, for whom.

use crate::connections;
use crate::{App, Error, Result};
use serde_json::Value;
use std::time::Duration;
use valetkey_domain::id::{AccountId, ConnectionId, ExecutionId};
use valetkey_domain::{Ctx, Timestamp};
use valetkey_storage::journal::calls as rows;
use valetkey_storage::{Listed, Page, accounts};

pub use valetkey_storage::journal::calls::ToolCall;

/// The most connectors or outcomes that one filter names.
const MAX_NAMED: usize = 50;

/// The most accounts of one user whose calls are listed together.
const MAX_ACCOUNTS: u32 = 50;

/// The journal's words for what ended a call here. All other failures are the app's.
const OURS: [&str; 6] = ["busy", "off", "cancelled", "unrecorded", "internal", "unknown"];

/// The journal's word for a call that was done.
const DONE: &str = "ok";

/// All words for a failure, with what each means.
const FAILURES: [(&str, &str); 16] = [
    ("arguments", "the app did not accept the arguments"),
    ("asked", "the app asked the user something first, and goes on in another call with the answer"),
    ("not_connected", "the app no longer accepts the user's sign-in"),
    ("missing_scope", "the user's consent does not cover this"),
    ("forbidden", "the app does not allow the user this"),
    ("not_found", "the app knows no such thing"),
    ("conflict", "the state of things in the app was against it"),
    ("rate_limited", "the app asked to slow down"),
    ("app_failed", "the app failed or could not be reached"),
    ("timeout", "time ran out before the app had answered"),
    ("busy", "too many calls were in flight here"),
    ("off", "the connection was switched off or not set up"),
    ("cancelled", "the caller cancelled it"),
    ("unrecorded", "it could not be recorded"),
    ("internal", "a failure of this server before anything left"),
    ("unknown", "a failure of this server after something may have left"),
];

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallStatus {
    /// It was done.
    Success,
    /// The app ended it.
    ProviderError,
    /// This server ended it.
    PlatformError,
}

impl CallStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Success, Self::ProviderError, Self::PlatformError];

    /// As the wire has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::ProviderError => "provider_error",
            Self::PlatformError => "platform_error",
        }
    }

    /// What the journal's word for an outcome means.
    #[must_use]
    pub fn of(outcome: &str) -> Self {
        match outcome {
            DONE => Self::Success,
            _ if OURS.contains(&outcome) => Self::PlatformError,
            _ => Self::ProviderError,
        }
    }
}

/// Which calls are wanted; what is empty filters nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Recorded from here on.
    pub from: Option<Timestamp>,
    /// Recorded before.
    pub to: Option<Timestamp>,
    /// Any of these statuses.
    pub statuses: Vec<String>,
    /// Any of these failures, by their codes (`RATE_LIMITED`).
    pub codes: Vec<String>,
    /// Of any of these connectors.
    pub connectors: Vec<String>,
    /// Through any of these doors: `API`, `MCP` or `PROXY`. Calls by `GATEWAY` there are none.
    pub sources: Vec<String>,
    /// On the connection of this id.
    pub connection: Option<String>,
    /// On the connection of this name.
    pub connection_name: Option<String>,
    /// By this account.
    pub account: Option<String>,
    /// By the accounts of this user.
    pub identifier: Option<String>,
    /// Of this run of an agent.
    pub run: Option<String>,
}

/// The codes of all failures.
pub fn codes() -> impl Iterator<Item = &'static str> {
    FAILURES.iter().map(|(word, _)| *word)
}

/// Why a call failed, by the code of its failure.
#[must_use]
pub fn message(outcome: &str) -> &'static str {
    FAILURES.iter().find(|(word, _)| *word == outcome).map_or("", |(_, message)| message)
}

/// A member of a call's detail that is a text.
#[must_use]
pub fn text<'a>(call: &'a ToolCall, member: &str) -> &'a str {
    call.record.detail.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// How long a call took.
#[must_use]
pub fn duration(call: &ToolCall) -> Duration {
    let millis = call.record.detail.get("duration_ms").and_then(Value::as_i64).unwrap_or(0);
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// A page of the environment's calls that ended, newest first.
///
/// # Errors
/// A status or source that there is none of; a span that ends before it begins; no connection of this name; a user of too
/// many accounts.
pub async fn list(app: &App, ctx: &Ctx, wanted: Filter, page: &Page) -> Result<Listed<ToolCall>> {
    match read(app, ctx, wanted).await? {
        Some(filter) => Ok(rows::list(ctx, &mut app.core.store.read().await?, &filter, page).await?),
        None => Ok(Listed { items: Vec::new(), next: None, previous: None, total: 0 }),
    }
}

/// The call of this execution.
///
/// # Errors
/// There is none in this environment, or it goes on.
pub async fn get(app: &App, ctx: &Ctx, execution: &str) -> Result<ToolCall> {
    let unknown = || Error::not_found("tool call", execution);
    let id = ExecutionId::parse(execution).map_err(|_| unknown())?;
    rows::get(ctx, &mut app.core.store.glance().await?, &id).await?.ok_or_else(unknown)
}

/// The filter as the database knows it; none if nothing can fit.
pub(super) async fn read(app: &App, ctx: &Ctx, wanted: Filter) -> Result<Option<rows::Filter>> {
    if wanted.from.zip(wanted.to).is_some_and(|(from, to)| to <= from) {
        return Err(Error::invalid("end_time must be after start_time"));
    }
    known("status", &wanted.statuses, &CallStatus::ALL.map(CallStatus::as_str))?;
    known("source", &wanted.sources, &["API", "MCP", "PROXY", "GATEWAY"])?;
    if wanted.connectors.len() > MAX_NAMED || wanted.codes.len() > MAX_NAMED {
        return Err(Error::invalid(format!("provider and error_code may have at most {MAX_NAMED} items each")));
    }
    let named = match &wanted.connection_name {
        Some(name) => Some(connections::by_name(app, ctx, name).await?.id),
        None => None,
    };
    let connection = wanted.connection.as_deref().map(ConnectionId::parse).transpose();
    let account = wanted.account.as_deref().map(AccountId::parse).transpose();
    // A text that can be no id names nothing.
    let (Ok(connection), Ok(account)) = (connection, account) else { return Ok(None) };
    if connection.as_ref().zip(named.as_ref()).is_some_and(|(by_id, by_name)| by_id != by_name) {
        return Ok(None);
    }
    let accounts = match (account, &wanted.identifier) {
        (account, Some(user)) => Some(accounts_of(app, ctx, user, account.as_ref()).await?),
        (account, None) => account.map(|account| vec![account]),
    };
    if accounts.as_ref().is_some_and(Vec::is_empty) {
        return Ok(None);
    }
    let listed = |words: Vec<String>| (!words.is_empty()).then_some(words);
    Ok(Some(rows::Filter {
        from: wanted.from,
        to: wanted.to,
        outcomes: outcomes(&wanted.statuses, &wanted.codes),
        connectors: listed(wanted.connectors),
        sources: listed(wanted.sources),
        connection: connection.or(named),
        accounts,
        run: wanted.run,
    }))
}

/// The accounts of a user, or the one of them that is meant.
async fn accounts_of(app: &App, ctx: &Ctx, user: &str, meant: Option<&AccountId>) -> Result<Vec<AccountId>> {
    let mut tx = app.core.store.read().await?;
    if let Some(meant) = meant {
        let found = accounts::get(ctx, &mut tx, meant).await?;
        let own = found.filter(|account| account.owner.identifier.as_str() == user);
        return Ok(own.into_iter().map(|account| account.id).collect());
    }
    let filter = accounts::Filter { identifier: Some(user.to_owned()), ..accounts::Filter::default() };
    let found = accounts::list(ctx, &mut tx, &filter, &Page { size: MAX_ACCOUNTS, after: None }).await?;
    if found.next.is_some() {
        return Err(Error::invalid(format!(
            "this user has more than {MAX_ACCOUNTS} accounts: say by connected_account_id whose calls are meant"
        )));
    }
    Ok(found.items.into_iter().map(|account| account.id).collect())
}

/// The journal's words for these statuses and codes; none if neither filters.
fn outcomes(statuses: &[String], codes: &[String]) -> Option<Vec<String>> {
    if statuses.is_empty() && codes.is_empty() {
        return None;
    }
    let all = FAILURES.iter().map(|(word, _)| *word).chain([DONE]);
    let status = |word: &str| statuses.is_empty() || statuses.iter().any(|one| one == CallStatus::of(word).as_str());
    let code = |word: &str| codes.is_empty() || codes.iter().any(|one| one.eq_ignore_ascii_case(word) && word != DONE);
    Some(all.filter(|word| status(word) && code(word)).map(str::to_owned).collect())
}

fn known(member: &str, given: &[String], known: &[&str]) -> Result<()> {
    match given.iter().find(|one| !known.contains(&one.as_str())) {
        None => Ok(()),
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            Err(Error::invalid(format!("{member}: there is no '{other}'; there are: {}", known.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_codes_leave_the_words_that_fit_both() {
        let words = |statuses: &[&str], codes: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            outcomes(&owned(statuses), &owned(codes))
        };
        assert_eq!(words(&[], &[]), None);
        assert_eq!(words(&["success"], &[]).unwrap(), ["ok"]);
        assert_eq!(words(&["platform_error"], &[]).unwrap(), OURS);
        assert_eq!(words(&["provider_error"], &["RATE_LIMITED", "BUSY"]).unwrap(), ["rate_limited"]);
        assert!(words(&["success"], &["RATE_LIMITED"]).unwrap().is_empty());
        assert_eq!(words(&CallStatus::ALL.map(CallStatus::as_str), &[]).unwrap().len(), FAILURES.len() + 1);
    }

    #[test]
    fn every_failure_that_a_record_has_is_explained() {
        use crate::calls::FailureReason;
        for why in [FailureReason::Asked, FailureReason::App, FailureReason::Off, FailureReason::Unknown] {
            assert!(!message(why.as_str()).is_empty(), "{why:?}");
        }
    }

    #[test]
    fn what_there_is_none_of_is_refused_by_name() {
        let given = ["success".to_owned(), "failed".to_owned()];
        let refused = known("status", &given, &CallStatus::ALL.map(CallStatus::as_str)).unwrap_err();
        assert_eq!(
            refused.message(),
            "status: there is no 'failed'; there are: success, provider_error, platform_error"
        );
    }
}
