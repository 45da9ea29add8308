//! Connected accounts: who has signed in where.

use super::reply::{Reply, all, message, moment, one, rows};
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use valetkey_app::accounts::AccountRef;
use valetkey_app::consent;
use valetkey_app::insight::audit::{self, JournalRecord};
use valetkey_app::{App, accounts, connections, tools};
use valetkey_domain::account::{ConnectedAccount, Owner, Status};
use valetkey_domain::id::ConnectionId;
use valetkey_domain::name::{ConnectionName, Identifier};
use valetkey_domain::{Ctx, Timestamp};

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// All connected accounts, or one user's
    List {
        /// The user
        #[arg(long)]
        identifier: Option<String>,
    },
    /// One connected account
    Get {
        /// Its id (ca_...)
        id: String,
    },
    /// A link for a user to sign in with
    Link {
        /// The connection's name
        connection: String,
        /// The user
        identifier: String,
    },
    /// The tools that a remote server lists for it, what was changed to make them fit, and which were left out
    Tools {
        /// Its id (ca_...)
        id: String,
    },
    /// Forget a user's tokens and revoke them at the vendor; the account stays
    Disconnect {
        /// Its id (ca_...)
        id: String,
    },
    /// Remove an account and revoke its tokens at the vendor
    Delete {
        /// Its id (ca_...)
        id: String,
    },
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(app: &App, ctx: &Ctx, verb: Verb) -> Result<Reply> {
    match verb {
        Verb::List { identifier } => {
            let filter = accounts::Filter { identifier, ..accounts::Filter::default() };
            let found = all!(|page| accounts::list(app, ctx, &filter, &page));
            let connections = all!(|page| connections::list(app, ctx, &connections::Filter::default(), &page));
            let name = |id: &ConnectionId| connections.iter().find(|c| c.id == *id).map(|c| &c.name);
            Ok(rows(found.iter().map(|account| row(account, name(&account.connection)))))
        }
        Verb::Get { id } => {
            let (connection, account) = accounts::get(app, ctx, &AccountRef::Id(id.try_into()?)).await?;
            let last = audit::last_refresh(app, ctx, &account.id).await?;
            Ok(one(whole(&account, &connection.name, last.as_ref())))
        }
        Verb::Link { connection, identifier } => {
            let connection = connections::by_name(app, ctx, &connection).await?;
            let owner = Owner::of(Identifier::parse(&identifier)?);
            let (_, link) =
                consent::link_for(app, ctx, &connection, owner, consent::Life::Mail, &consent::LinkOptions::default())
                    .await?;
            Ok(one(json!({"link": link.url, "opens_until": moment(link.expires_at)})))
        }
        Verb::Tools { id } => Ok(listed(&tools::report(app, ctx, &id.try_into()?).await?)),
        Verb::Disconnect { id } => {
            let (_, became) = accounts::disconnect(app, ctx, &AccountRef::Id(id.try_into()?)).await?;
            Ok(message(format!("disconnected: {}", became.sentence())))
        }
        Verb::Delete { id } => {
            let became = accounts::delete(app, ctx, &AccountRef::Id(id.try_into()?)).await?;
            Ok(message(format!("deleted: {}", became.sentence())))
        }
    }
}

/// A line for each tool, and for what became of one.
fn listed(report: &tools::Report) -> Reply {
    let note = |tool: &str| {
        let about = report.changed.iter().filter(|note| note.tool == tool);
        about.map(|note| note.why.as_str()).collect::<Vec<_>>().join("; ")
    };
    let there = { report.tools.iter() }.map(|(name, own)| json!({"tool": name, "there": own, "note": note(own)}));
    let gone = report
        .left_out
        .iter()
        .map(|note| json!({"tool": "", "there": note.tool, "note": format!("left out: {}", note.why)}));
    let more = json!({"tool": "", "there": "", "note": "the server lists more tools than are taken of one"});
    rows(there.chain(gone).chain(report.cut.then_some(more)))
}

fn row(account: &ConnectedAccount, connection: Option<&ConnectionName>) -> Value {
    json!({
        "id": account.id, "identifier": account.owner.identifier, "connection": connection,
        "status": account.status.name(), "reason": account.status.reason(), "subject": account.subject,
    })
}

/// An account with why it stands as it does: how its sign-in ended, and what became of the last refresh.
fn whole(account: &ConnectedAccount, connection: &ConnectionName, last: Option<&JournalRecord>) -> Value {
    let mut row = row(account, Some(connection));
    let why = match (&account.status, &account.refusal) {
        (Status::Expired(reason), _) => reason.sentence().to_owned(),
        (Status::Active, Some(refused)) => {
            let (at, until) = (moment(refused.at), moment(refused.until));
            format!("not renewed at {at}: {}; asked again from {until} on, or after a new sign-in", refused.words)
        }
        _ => String::new(),
    };
    let ends = account.credential.as_ref().and_then(|credential| credential.expires_at);
    let at = |at: Option<Timestamp>| json!(at.map(moment));
    let more = [
        ("why", why.into()),
        ("last_used_at", at(account.last_used_at)),
        ("token_ends_at", at(ends)),
        ("last_refresh_at", at(last.map(|line| line.at))),
        ("last_refresh", json!(last.map(refresh))),
    ];
    if let Value::Object(members) = &mut row {
        members.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    row
}

/// A record of a refresh in a few words: `refreshed`, `refresh_failed: the provider ..`.
fn refresh(line: &JournalRecord) -> String {
    let what = line.action.strip_prefix("account.").unwrap_or(&line.action);
    let more = ["why", "reason"].iter().find_map(|name| line.detail.get(*name)).and_then(Value::as_str);
    more.filter(|more| !more.is_empty()).map_or_else(|| what.to_owned(), |more| format!("{what}: {more}"))
}
