//! What a remote server lists for an account, and what was made of it: for people who wonder where a tool is.

use crate::accounts::{self, AccountRef};
use crate::connections::Wired;
use crate::upstream::{self, Missing};
use crate::{App, Error, Result};
use valetkey_connectors::remote::Note;
use valetkey_domain::id::AccountId;
use valetkey_domain::{Ctx, Kind};

/// What is known of a remote server's tools for an account.
#[derive(Clone, Debug)]
pub struct Report {
    /// The tools that can be called: the name here, and the server's own.
    pub tools: Vec<(String, String)>,
    /// What was changed to make a tool fit, by the server's own name.
    pub changed: Vec<Note>,
    /// Which were left out.
    pub left_out: Vec<Note>,
    /// Whether the server lists more than are taken of one.
    pub cut: bool,
}

/// Asks the account's server, or takes what it listed a moment ago.
///
/// # Errors
/// The account is on no remote server, or that can't be asked now.
pub async fn report(app: &App, ctx: &Ctx, account: &AccountId) -> Result<Report> {
    let (connection, account) = accounts::get(app, ctx, &AccountRef::Id(account.clone())).await?;
    let wired = Wired::of(app, connection)?;
    let refused = |why: String| Error::new(Kind::FailedPrecondition, why);
    let name = &wired.connection.name;
    if wired.connector.remote.is_none() {
        return Err(refused(format!(
            "connection '{name}' is on no remote server: `tool list` has its tools, or `provider tools` if they were imported"
        )));
    }
    let known = upstream::tools(app, ctx, &wired, &account).await.map_err(|missing| match missing {
        Missing::SignIn => refused(format!("the user has to sign in first: the account is {}", account.status.name())),
        Missing::Later(why) => refused(format!("the server of connection '{name}' can't be asked: {why}")),
    })?;
    let own =
        |tool: &valetkey_connectors::Tool| tool.remote().map(|remote| remote.own_name.clone()).unwrap_or_default();
    Ok(Report {
        tools: known.tools.iter().map(|tool| (tool.definition.name.clone(), own(tool))).collect(),
        changed: known.changed.clone(),
        left_out: known.left_out.clone(),
        cut: known.cut,
    })
}
