//! Why a call doesn't work, or wouldn't: everything that it stands on, one thing after the other, as it is at this moment,
//! with what would mend it. Nothing is changed, and nothing leaves the building: what an app would say is not known before
//! it is asked.
//!
//! Read [`why`]; `entry` has what stands before a tool (URL, config, whitelist), `user` what stands behind it.

mod asked;
mod entry;
mod serves;
mod step;
mod user;

pub use step::{Remedy, RemedyPlace, State, Step, Topic};

use crate::accounts::{self, AccountRef};
use crate::{App, Result, connections};
use serves::Entry;
use valetkey_domain::account::Owner;
use valetkey_domain::id::{AccountId, InstanceId};
use valetkey_domain::name::Identifier;
use valetkey_domain::{Ctx, Secret};

/// What is asked about.
#[derive(Debug)]
pub enum Question {
    /// A connected account.
    Account(AccountId),
    /// A user on a connection, with or without an account.
    User(String, Identifier),
    /// A user's MCP server.
    Instance(InstanceId),
    /// An MCP URL as an agent was given it, with the session token that it sends, if any.
    Url(Secret<str>, Option<Secret<str>>),
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// Everything that was looked at, in order. What stands behind something that is missing is not looked at.
    pub steps: Vec<Step>,
}

impl Why {
    /// What stands in the way.
    pub fn hindrances(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.state == State::Stops)
    }

    /// Whether a call would begin.
    #[must_use]
    pub fn works(&self) -> bool {
        self.hindrances().next().is_none()
    }
}

/// Why a call of this tool, or of any, doesn't work.
///
/// # Errors
/// The account, connection or instance that is asked about isn't in this environment, or the database cannot be read.
pub async fn why(app: &App, ctx: &Ctx, question: Question, tool: Option<&str>) -> Result<Why> {
    let tool = tool.map(str::trim).filter(|tool| !tool.is_empty());
    let mut steps: Vec<Step> = entry::server(app).into_iter().collect();
    let entry = match question {
        Question::Account(id) => {
            let (connection, account) = accounts::get(app, ctx, &AccountRef::Id(id)).await?;
            entry::by_api(app, ctx, connection, account.owner, tool, &mut steps).await?
        }
        Question::User(connection, identifier) => {
            let connection = connections::by_name(app, ctx, &connection).await?;
            entry::by_api(app, ctx, connection, Owner::of(identifier), tool, &mut steps).await?
        }
        Question::Instance(id) => entry::by_instance(app, ctx, &id, tool, &mut steps).await?,
        Question::Url(url, session) => entry::by_url(app, ctx, &url, session.as_ref(), tool, &mut steps).await?,
    };
    if let Some(Entry { connections, owner, tool }) = entry {
        let several = connections.len() > 1;
        for connection in connections {
            let name = connection.name.to_string();
            let found = user::look(app, ctx, connection, &owner, tool.as_deref()).await?;
            steps.extend(found.into_iter().map(|step| if several { step.of(name.clone()) } else { step }));
        }
    }
    Ok(Why { steps })
}

#[cfg(test)]
mod tests;
