//! A remote server's tools, asked for anew.

use super::account::{AccountQuery, named};
use super::offer::Offer;
use super::remote;
use super::scope::Scope;
use crate::upstream::{self, Missing};
use crate::{App, Error, Result};
use valetkey_domain::{Ctx, Kind};

/// The tools that the remote server of an account lists now, ordered by name. What it listed before is kept no longer, for
/// nobody's calls and lists in this process; who asks again within seconds gets the same.
///
/// # Errors
/// There is no such account; it is on no remote server, or its user has to sign in; or the server has no list now.
pub async fn refreshed(app: &App, ctx: &Ctx, asked: &AccountQuery) -> Result<Vec<Offer>> {
    let (connection, account) = named(app, ctx, asked).await?;
    let name = connection.name.clone();
    let Some(wired) = remote::server_of(app, &connection).filter(|wired| !wired.has_imported()) else {
        let message = format!(
            "connection '{name}' is of {}, whose tools come with this server: those of remote MCP servers alone are listed \
             anew",
            connection.connector.to_ascii_uppercase()
        );
        return Err(Error::invalid(message));
    };
    match upstream::tools_anew(app, ctx, &wired, &account).await {
        Ok(_) => {}
        Err(Missing::SignIn) => {
            let message = format!(
                "account {} on connection '{name}' is {}: its user has to sign in first (GetMagicLinkForConnectedAccount)",
                account.id,
                account.status.name()
            );
            return Err(Error::new(Kind::FailedPrecondition, message));
        }
        Err(Missing::Later(why)) => {
            let message = format!("connection '{name}' has no list of tools now: {why}. Try again in a moment");
            return Err(Error::new(Kind::Unavailable, message));
        }
    }
    let scope = Scope { connections: vec![name.to_string()], ..Scope::default() };
    let listed = remote::of_accounts(app, ctx, &[(connection, account)], &scope).await?;
    Ok(listed.offers.values().flat_map(|offers| offers.to_vec()).collect())
}

#[cfg(test)]
mod tests;
