//! Whose account a call means that comes with no server's URL: by the account's id, by connection and user, or by the
//! user alone where that leaves exactly one. Never the first that is found.

use super::offer::unknown;
use crate::accounts::{self, AccountRef, Filter};
use crate::connections::Wired;
use crate::connections::imports::{self, Imported};
use crate::upstream::{self, Missing};
use crate::{App, Error, Page, Result, connections};
use std::sync::Arc;
use valetkey_connectors::{Connector, Tool, nearest};
use valetkey_domain::account::{ConnectedAccount, Owner, Status};
use valetkey_domain::connection::Connection;
use valetkey_domain::id::AccountId;
use valetkey_domain::name::Identifier;
use valetkey_domain::{Ctx, Kind};

/// How many accounts a refusal lists.
const MOST_TOLD: u32 = 10;

/// What a caller says of the account.
#[derive(Clone, Debug, Default)]
pub struct AccountQuery {
    /// Its id; the rest is not looked at then.
    pub account: Option<AccountId>,
    /// The connection's name.
    pub connection: Option<String>,
    /// The user.
    pub identifier: Option<Identifier>,
    /// The user's organisation, where the app has such.
    pub organization: Option<String>,
    /// The user id beside the identifier, where the app has such.
    pub user: Option<String>,
}

/// A tool, and the account that a call of it means.
#[derive(Clone, Debug)]
pub struct ResolvedTool {
    /// The tool's connector.
    pub connector: Arc<Connector>,
    /// The tool.
    pub tool: Arc<Tool>,
    /// The connection.
    pub connection: Connection,
    /// The account, in whatever state.
    pub account: ConnectedAccount,
}

/// The tool of this name and the account that is meant.
///
/// # Errors
/// There is no such tool, account or connection; the account is of another app than the tool; or what is said leaves
/// none or several.
pub async fn meant(app: &App, ctx: &Ctx, tool: &str, asked: AccountQuery) -> Result<ResolvedTool> {
    let of_tool = Named::find(app, ctx, tool).await?;
    let (connection, account) = match &asked {
        AccountQuery { account: None, connection: None, identifier: Some(_), .. } => {
            only(app, ctx, &of_tool, &asked).await?
        }
        AccountQuery { account: None, identifier: None, .. } => {
            let message = "whose account? Give connected_account_id, or connector and identifier, or identifier alone";
            return Err(Error::invalid(message));
        }
        _ => of_tool.account(app, ctx, (tool, &asked)).await?,
    };
    of_tool.fits(tool, &connection)?;
    let tool = match of_tool.tool {
        Some(tool) => tool,
        None => not_of_a_file(app, ctx, tool, &connection, &account).await?,
    };
    Ok(ResolvedTool { connector: of_tool.connector, tool, connection, account })
}

/// The account that is named by its id, or by connection and user.
///
/// # Errors
/// There is none, or neither is given.
pub(super) async fn named(app: &App, ctx: &Ctx, asked: &AccountQuery) -> Result<(Connection, ConnectedAccount)> {
    existing(app, ctx, &asked.reference()?).await
}

async fn existing(app: &App, ctx: &Ctx, which: &AccountRef) -> Result<(Connection, ConnectedAccount)> {
    let found = accounts::get(app, ctx, which).await;
    found.map_err(|error| if matches!(which, AccountRef::Of(..)) { helped(error) } else { error })
}

impl AccountQuery {
    fn reference(&self) -> Result<AccountRef> {
        match self.clone() {
            Self { account: Some(id), .. } => Ok(AccountRef::Id(id)),
            Self { connection: Some(name), identifier: Some(identifier), organization, user, .. } => {
                Ok(AccountRef::Of(name, Owner { identifier, organization, user }))
            }
            _ => Err(Error::invalid("which account? Give connected_account_id, or connector and identifier")),
        }
    }
}

/// What a tool's name says.
struct Named {
    connector: Arc<Connector>,
    /// The tool, unless a remote server lists it for each account.
    tool: Option<Arc<Tool>>,
    /// The connection that the tool is called by, if it is.
    connection: Option<Connection>,
}

impl Named {
    async fn find(app: &App, ctx: &Ctx, name: &str) -> Result<Self> {
        if let Some((connector, tool)) = app.core.catalog.tool(name) {
            return Ok(Self { connector, tool: Some(tool), connection: None });
        }
        if let Some(connector) = app.core.catalog.remote_of(name) {
            return Ok(Self { connector, tool: None, connection: None });
        }
        match connections::of_tool(app, ctx, name).await? {
            Some(wired) => Ok(Self { connector: wired.connector, tool: None, connection: Some(wired.connection) }),
            None => Err(unknown(app, name).await),
        }
    }

    /// The account that is named. One that can be called may be what it was within the last second, for the call looks at it
    /// once more; a refusal is of what there is now.
    async fn account(
        &self,
        app: &App,
        ctx: &Ctx,
        (tool, asked): (&str, &AccountQuery),
    ) -> Result<(Connection, ConnectedAccount)> {
        let which = asked.reference()?;
        if let Some((connection, account)) = accounts::get_recent(app, ctx, &which).await?
            && account.status == Status::Active
            && self.fits(tool, &connection).is_ok()
        {
            return Ok((connection, account));
        }
        if let AccountRef::Of(name, _) = &which {
            // Told before the account is looked for: that it is missing would be beside the point.
            self.fits(tool, &connections::by_name(app, ctx, name).await?)?;
        }
        existing(app, ctx, &which).await
    }

    /// An account of another app is refused before anything leaves, and one of another connection where the tool is of one.
    fn fits(&self, name: &str, connection: &Connection) -> Result<()> {
        let message = match &self.connection {
            Some(own) if own.id == connection.id => return Ok(()),
            Some(own) => format!(
                "tool '{name}' is of connection '{}', not of '{}': name that one, or one of its accounts",
                own.name, connection.name
            ),
            None if connection.connector == self.connector.slug => return Ok(()),
            None => {
                let wanted = self.connector.provider_key();
                let (other, app) = (&connection.name, connection.connector.to_ascii_uppercase());
                format!(
                    "tool '{name}' is of {wanted}, and connection '{other}' of {app}: name a connection of {wanted}, or one \
                     of its accounts"
                )
            }
        };
        Err(Error::invalid(message))
    }
}

/// A tool of a custom provider or of a remote server: as it was imported, or as the server lists it for the account. Where the
/// user has still to sign in at a server any name is one: the call says what to do.
async fn not_of_a_file(
    app: &App,
    ctx: &Ctx,
    name: &str,
    connection: &Connection,
    account: &ConnectedAccount,
) -> Result<Arc<Tool>> {
    let wired = Wired::of(app, connection.clone())?;
    if wired.has_imported() {
        let imported = imports::tools(app, ctx, &wired).await?;
        return imported.find(name).cloned().ok_or_else(|| not_imported(name, &imported, connection));
    }
    match upstream::tools(app, ctx, &wired, account).await {
        Ok(known) => known.find(name).cloned().ok_or_else(|| not_listed(name, &known)),
        Err(Missing::SignIn) => Ok(upstream::unlisted_tool(name)),
        Err(Missing::Later(why)) => {
            let message = format!(
                "the tools of connection '{}' can't be listed now: {why}. Try again in a moment",
                connection.name
            );
            Err(Error::new(Kind::FailedPrecondition, message))
        }
    }
}

fn not_listed(name: &str, known: &upstream::KnownTools) -> Error {
    let near = nearest(name, known.tools.iter().map(|tool| tool.definition.name.as_str()));
    Error::invalid(format!("tool not found: the server lists no tool '{name}' for this account")).meant(near)
}

fn not_imported(name: &str, imported: &Imported, connection: &Connection) -> Error {
    let near = nearest(name, imported.tools.iter().map(|tool| tool.definition.name.as_str()));
    Error::invalid(format!("tool not found: connection '{}' has no tool '{name}'", connection.name)).meant(near)
}

fn helped(error: Error) -> Error {
    match error.kind() {
        Kind::NotFound => {
            let message =
                format!("{}. Make a link for the user first (GetMagicLinkForConnectedAccount)", error.message());
            Error::new(Kind::NotFound, message)
        }
        _ => error,
    }
}

/// The user's one ACTIVE account of the app, or on the connection that the tool is of.
async fn only(app: &App, ctx: &Ctx, named: &Named, asked: &AccountQuery) -> Result<(Connection, ConnectedAccount)> {
    let of_app = Filter {
        identifier: asked.identifier.as_ref().map(Identifier::to_string),
        organization: asked.organization.clone(),
        user: asked.user.clone(),
        connector: Some(named.connector.slug.clone()),
        connections: named.connection.iter().map(|connection| connection.name.to_string()).collect(),
        ..Filter::default()
    };
    let active = Filter { status: Some(Status::Active.name().to_owned()), ..of_app.clone() };
    let page = Page { size: MOST_TOLD, after: None };
    let mut found = accounts::list(app, ctx, &active, &page).await?.items;
    if let (1, Some(account)) = (found.len(), found.pop()) {
        return Ok((connections::get(app, ctx, &account.connection).await?, account));
    }
    let all = accounts::list(app, ctx, &of_app, &page).await?.items;
    let mut told = Vec::with_capacity(all.len());
    for account in &all {
        let name = connections::get(app, ctx, &account.connection).await?.name;
        told.push(format!("'{name}' ({}, {})", account.id, account.status.name()));
    }
    Err(not_one(&named.connector, asked, &told))
}

fn not_one(connector: &Connector, asked: &AccountQuery, told: &[String]) -> Error {
    let user = asked.identifier.as_ref().map(Identifier::as_str).unwrap_or_default();
    let app = connector.provider_key();
    if told.is_empty() {
        let message = format!(
            "'{user}' has no connected account for {app}: make a link for the user on a connection of {app} \
             (GetMagicLinkForConnectedAccount)"
        );
        return Error::invalid(message);
    }
    let message = format!(
        "'{user}' has not exactly one ACTIVE account for {app}: give connector or connected_account_id. There are: {}",
        told.join(", ")
    );
    Error::invalid(message)
}
