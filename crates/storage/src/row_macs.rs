//! The rows that let somebody in and carry a MAC, for who gives each its first one. This knows no `Ctx`: the key is the
//! installation's.

use crate::clients::{self, StoredClient, StoredSecret};
use crate::{Error, Tx, args};
use valetkey_domain::id::{ClientId, ClientSecretId, MemberId};

/// Every API client of every environment.
///
/// # Errors
/// The database cannot be read.
pub async fn clients(tx: &mut Tx) -> Result<Vec<StoredClient>, Error> {
    tx.all("SELECT * FROM api_clients ORDER BY id", []).await?.iter().map(clients::read).collect()
}

/// Every secret of every API client.
///
/// # Errors
/// The database cannot be read.
pub async fn secrets(tx: &mut Tx) -> Result<Vec<StoredSecret>, Error> {
    tx.all("SELECT * FROM api_client_secrets ORDER BY id", []).await?.iter().map(clients::read_secret).collect()
}

/// Gives a client's row its MAC.
///
/// # Errors
/// The database cannot be written.
pub async fn set_client(tx: &mut Tx, id: &ClientId, mac: &[u8]) -> Result<(), Error> {
    tx.run("UPDATE api_clients SET mac = $2 WHERE id = $1", args![id, mac]).await.map(drop)
}

/// Gives a secret's row its MAC.
///
/// # Errors
/// The database cannot be written.
pub async fn set_secret(tx: &mut Tx, id: &ClientSecretId, mac: &[u8]) -> Result<(), Error> {
    tx.run("UPDATE api_client_secrets SET mac = $2 WHERE id = $1", args![id, mac]).await.map(drop)
}

/// Gives a member's row its MAC.
///
/// # Errors
/// The database cannot be written.
pub async fn set_member(tx: &mut Tx, id: &MemberId, mac: &[u8]) -> Result<(), Error> {
    tx.run("UPDATE members SET mac = $2 WHERE id = $1", args![id, mac]).await.map(drop)
}
