//! A credential tried at its app by a connector alone, for whoever writes the connector's file: there is no connection, no
//! account and no database, and nothing is kept.

use super::fit::{asked, fit};
use super::trial::{Answered, ask};
use crate::connections::Wired;
use crate::credentials::opened::Opened;
use crate::credentials::typed::Typed;
use crate::{Error, Result};
use serde_json::Map;
use std::sync::Arc;
use valetkey_connectors::{AuthKind, Connector};
use valetkey_domain::account::{ConnectedAccount, Owner, Status};
use valetkey_domain::connection::{Connection, Settings};
use valetkey_domain::id::{AccountId, ConnectionId, EnvironmentId};
use valetkey_domain::name::{ConnectionName, Identifier};
use valetkey_domain::{Kind, Secret, Timestamp};
use valetkey_outbound::Outbound;

/// The member in which an access token is given, where the way to sign in brings such.
const TOKEN: &str = "access_token";

/// What is tried, and where.
#[derive(Default)]
pub struct TrialInput {
    /// The way to sign in that it is of, by its kind; none is the connector's usual one.
    pub way: Option<String>,
    /// The fields of the form by name, and `access_token`.
    pub values: Typed,
    /// What replaces scheme, host and port of the app's API.
    pub api_base_url: Option<String>,
}

/// What the app said.
#[derive(Debug, PartialEq, Eq)]
pub enum TrialReport {
    /// It took it: whose it is, as far as the file says where that stands.
    Taken {
        /// The account's id there.
        id: Option<String>,
        /// What people call it.
        name: Option<String>,
    },
    /// It did not take it, in these words.
    Refused(String),
    /// It could not be asked, or answered neither.
    Unclear(String),
}

/// Makes the connector's `verify` call with a credential.
///
/// # Errors
/// The file has no such call, or what was given is not what its way to sign in wants.
pub async fn try_out(
    outbound: &Outbound,
    connector: Arc<Connector>,
    given: TrialInput,
    now: Timestamp,
) -> Result<TrialReport> {
    if connector.verify.is_none() {
        let message = format!("{} has no `verify`: nothing says how a credential is tried", connector.slug);
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    known_way(&connector, given.way.as_deref())?;
    let wired = Wired::with(connector, connection(given.way, given.api_base_url, now)?);
    let (credential, account) = credential(&wired, &given.values)?;
    let account = account_of(account, now)?;
    let said = |words: valetkey_outbound::oauth::ProviderWords| words.description.unwrap_or_default();
    Ok(match ask(outbound, &wired, &account, &credential, now).await? {
        Answered::Taken(subject) => {
            let (id, name) = subject.map_or((None, None), |subject| (Some(subject.id), subject.name));
            TrialReport::Taken { id, name }
        }
        Answered::Refused(words) => TrialReport::Refused(said(words)),
        Answered::Unclear(words) => TrialReport::Unclear(said(words)),
    })
}

fn known_way(connector: &Connector, way: Option<&str>) -> Result<()> {
    let kinds: Vec<&str> = connector.ways.iter().map(|way| way.kind().as_str()).collect();
    match way {
        Some(way) if !kinds.contains(&way) => {
            Err(Error::invalid(format!("{} has no way `{way}`; it has: {}", connector.slug, kinds.join(", "))))
        }
        _ => Ok(()),
    }
}

/// The credential, and what the account says of itself.
fn credential(wired: &Wired, values: &Typed) -> Result<(Opened, Map<String, serde_json::Value>)> {
    let names: Vec<&str> = asked(wired).map(|field| field.name.as_str()).collect();
    let minted = !matches!(wired.kind(), AuthKind::ApiKey | AuthKind::Bearer | AuthKind::Basic | AuthKind::None);
    let unknown = values.iter().map(|(name, _)| name).find(|name| !(names.contains(name) || minted && *name == TOKEN));
    if let Some(unknown) = unknown {
        let known = names.into_iter().chain(minted.then_some(TOKEN)).collect::<Vec<_>>().join(", ");
        return Err(Error::invalid(format!("`{unknown}` is nothing that is asked for; that is: {known}")));
    }
    if minted {
        let token = values.get(TOKEN).map(Secret::copy).ok_or_else(|| {
            Error::invalid(format!("people sign in at the app here: give an access token of theirs as `{TOKEN}`"))
        })?;
        let own = wired.connector.account_fields.iter();
        let own = own.filter_map(|field| Some((field.name.clone(), values.get(&field.name)?.expose().into())));
        return Ok((Opened { access_token: token, typed: Typed::default(), generation: 0 }, own.collect()));
    }
    let (typed, account) = fit(wired, values).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(|(name, fault)| format!("`{name}`: {fault:?}")).collect();
        Error::invalid(format!("these won't do: {}", faults.join(", ").to_ascii_lowercase()))
    })?;
    Ok((Opened { access_token: Secret::from(""), typed, generation: 0 }, account))
}

fn connection(way: Option<String>, api_base_url: Option<String>, now: Timestamp) -> Result<Connection> {
    Ok(Connection {
        id: ConnectionId::parse("conn_file").map_err(Error::internal)?,
        environment: EnvironmentId::installation(),
        name: ConnectionName::parse("FILE").map_err(Error::internal)?,
        connector: String::new(),
        provider: None,
        settings: Settings { way, api_base_url, ..Settings::default() },
        client_secret: None,
        enabled: true,
        revision: 0,
        created_at: now,
        updated_at: now,
    })
}

fn account_of(api_config: Map<String, serde_json::Value>, now: Timestamp) -> Result<ConnectedAccount> {
    Ok(ConnectedAccount {
        id: AccountId::parse("ca_file").map_err(Error::internal)?,
        environment: EnvironmentId::installation(),
        connection: ConnectionId::parse("conn_file").map_err(Error::internal)?,
        owner: Owner::of(Identifier::parse("file").map_err(Error::internal)?),
        status: Status::PendingAuth,
        scopes: Vec::new(),
        subject: None,
        credential: None,
        refusal: None,
        api_config,
        created_at: now,
        updated_at: now,
        last_used_at: None,
    })
}
