//! Rows that let somebody in: API clients and their secrets, members, their links and their sessions. Each carries a MAC of
//! what it says, so who writes the database without a key can let nobody in and give nobody more rights.
//!
//! Its keys are kept as long as the journal's: a MAC is made anew when its row changes, not when the key does.

use super::data_keys::DataKeys;
use crate::{Error, Result};
use std::sync::Arc;
use valetkey_domain::client::{ApiClient, ClientSecret};
use valetkey_domain::id::MemberId;
use valetkey_domain::member::Session;
use valetkey_domain::{Kind, Timestamp};
use valetkey_storage::members::StoredMember;
use valetkey_storage::{data_keys as rows, members, row_macs as stored};
use valetkey_vault::transit::root_of;
use valetkey_vault::{DataKey, Purpose, row_mac};

/// A row that lets somebody in.
#[derive(Clone, Copy)]
pub enum DoorRow<'a> {
    /// An API client: where it works, what it may do, and which of its tokens are taken.
    Client(&'a ApiClient),
    /// A secret of an API client.
    Secret(&'a ClientSecret),
    /// A member: as what it may sign in, and with which password.
    Member(&'a StoredMember),
    /// A member's link: its hash and its end.
    Link(&'a MemberId, &'a [u8; 32], Timestamp),
    /// A member's session, and the hash of its cookie. When it was last seen is not covered: that changes all the time.
    Session(&'a Session, &'a [u8; 32]),
    /// That a member signed in at the browser whose secret has this hash. There is no row of it: the browser keeps it.
    Browser(&'a MemberId, &'a [u8; 32]),
}

impl DoorRow<'_> {
    fn table(&self) -> &'static str {
        match self {
            Self::Client(_) => "api_clients",
            Self::Secret(_) => "api_client_secrets",
            Self::Member(_) => "members",
            Self::Link(..) => "login_links",
            Self::Session(..) => "member_sessions",
            Self::Browser(..) => "member_browsers",
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::Client(client) => client.id.as_str(),
            Self::Secret(secret) => secret.id.as_str(),
            Self::Member(stored) => stored.member.id.as_str(),
            Self::Link(member, ..) => member.as_str(),
            Self::Session(session, _) => session.id.as_str(),
            Self::Browser(member, _) => member.as_str(),
        }
    }

    /// What the row says, beside its id.
    fn says(&self) -> Vec<Vec<u8>> {
        let time = |at: Timestamp| at.as_millisecond().to_be_bytes().to_vec();
        let maybe = |text: Option<Vec<u8>>| text.map_or(vec![0], |text| [vec![1], text].concat());
        match self {
            Self::Client(client) => {
                let mut says = vec![client.environment.as_str().into(), client.version.to_be_bytes().into()];
                says.extend(client.scopes.iter().map(|scope| scope.as_bytes().to_vec()));
                says
            }
            Self::Secret(secret) => {
                vec![secret.client.as_str().into(), secret.hash.into(), maybe(secret.expires_at.map(time))]
            }
            Self::Member(stored) => {
                let (name, role) = (stored.member.name.as_str().to_lowercase(), stored.member.role.as_str());
                vec![name.into(), role.into(), maybe(stored.hash.as_ref().map(|hash| hash.as_bytes().to_vec()))]
            }
            Self::Browser(_, hash) => vec![hash.to_vec()],
            Self::Link(_, hash, expires_at) => vec![hash.to_vec(), time(*expires_at)],
            Self::Session(session, hash) => {
                vec![session.member.as_str().into(), hash.to_vec(), time(session.created_at), time(session.expires_at)]
            }
        }
    }
}

/// The keys of such rows' MACs, at hand: for changes, which need them while they hold a transaction.
pub struct RowMacs {
    newest: Arc<DataKey>,
    all: Vec<Arc<DataKey>>,
}

impl RowMacs {
    /// The MAC of a row as it is to be.
    ///
    /// # Errors
    /// The library failed.
    pub fn of(&self, row: DoorRow<'_>) -> Result<Vec<u8>> {
        mac_of(&self.newest, row)
    }

    /// Whether a row is as this server wrote it. One that isn't must not be changed either: the change would make it ours.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION`, saying what to do.
    pub fn check(&self, row: DoorRow<'_>, mac: Option<&[u8]>) -> Result<()> {
        let key = mac.and_then(row_mac::key_of).and_then(|id| self.all.iter().find(|key| *key.id() == id));
        match (key, mac) {
            (Some(key), Some(mac)) if fits(key, row, mac)? => Ok(()),
            _ => Err(refused(row)),
        }
    }
}

/// The keys of rows' MACs.
pub(super) async fn keys(keys: &DataKeys) -> Result<RowMacs> {
    let newest = keys.newest(None, Purpose::Row).await?;
    let mut all = Vec::new();
    for id in rows::ids(&mut keys.store.glance().await?, Purpose::Row.as_str()).await? {
        all.extend(ours(keys.by_id(&id).await?));
    }
    Ok(RowMacs { newest, all })
}

/// Whether this server wrote the row.
pub(super) async fn wrote(keys: &DataKeys, row: DoorRow<'_>, mac: Option<&[u8]>) -> Result<bool> {
    if let Some(mac) = mac
        && let Some(id) = row_mac::key_of(mac)
        && let Some(key) = ours(keys.by_id(&id).await?)
        && fits(&key, row, mac)?
    {
        return Ok(true);
    }
    tracing::error!("{}", refused(row));
    Ok(false)
}

/// Makes the first key, and with it the MACs of the rows that an earlier version left without: once, in one transaction.
pub(super) async fn ensure(keys: &DataKeys) -> Result<()> {
    if rows::newest(&mut keys.store.glance().await?, "", Purpose::Row.as_str()).await?.is_some() {
        return Ok(());
    }
    let draft = keys.draft(None, Purpose::Row, 1).await?;
    let key = keys.unwrap(draft.clone()).await?;
    let mut tx = keys.store.write().await?;
    tx.alone("row_macs").await?;
    if rows::newest(&mut tx, "", Purpose::Row.as_str()).await?.is_some() {
        return Ok(());
    }
    if !rows::insert_under(&mut tx, &draft, root_of(&draft.root_version)).await? {
        return Err(Error::new(Kind::Unavailable, "the root key is being changed: try again in a moment"));
    }
    let mut earlier = 0_u64;
    for found in stored::clients(&mut tx).await? {
        earlier += 1;
        stored::set_client(&mut tx, &found.client.id, &mac_of(&key, DoorRow::Client(&found.client))?).await?;
    }
    for found in stored::secrets(&mut tx).await? {
        earlier += 1;
        stored::set_secret(&mut tx, &found.secret.id, &mac_of(&key, DoorRow::Secret(&found.secret))?).await?;
    }
    for found in members::all(&mut tx).await? {
        earlier += 1;
        stored::set_member(&mut tx, &found.member.id, &mac_of(&key, DoorRow::Member(&found))?).await?;
    }
    tx.commit().await?;
    if earlier > 0 {
        tracing::warn!(
            rows = earlier,
            "API clients, secrets and members of an earlier version were taken as they were found, and carry a MAC from now on"
        );
    }
    Ok(())
}

/// A key of another purpose makes no MAC of a row.
fn ours(key: Option<Arc<DataKey>>) -> Option<Arc<DataKey>> {
    key.filter(|key| key.purpose() == Purpose::Row && key.environment().is_empty())
}

fn mac_of(key: &DataKey, row: DoorRow<'_>) -> Result<Vec<u8>> {
    let says = row.says();
    Ok(row_mac::make(key, row.table(), said(&row, &says))?)
}

fn fits(key: &DataKey, row: DoorRow<'_>, mac: &[u8]) -> Result<bool> {
    let says = row.says();
    Ok(row_mac::fits(key, row.table(), said(&row, &says), mac)?)
}

fn said<'a>(row: &'a DoorRow<'_>, says: &'a [Vec<u8>]) -> impl Iterator<Item = &'a [u8]> {
    std::iter::once(row.id().as_bytes()).chain(says.iter().map(Vec::as_slice))
}

fn refused(row: DoorRow<'_>) -> Error {
    let (table, id) = (row.table(), row.id());
    let message = format!(
        "the row '{id}' of {table} is not as this server wrote it, so it lets nobody in: somebody else writes this \
         database. `valetkey doctor` looks for more; delete what the row is and make it anew"
    );
    Error::new(Kind::FailedPrecondition, message)
}
