//! The browsers that members are signed in with, and the one-time links that sign them in. Both are known by a SHA-256
//! of a secret that the browser alone has.

use crate::members::StoredMember;
use crate::{Error, Row, Tx, args};
use valetkey_domain::Timestamp;
use valetkey_domain::id::{MemberId, SessionId};
use valetkey_domain::member::Session;

/// A link as its row has it.
#[derive(Clone, Debug)]
pub struct StoredLink {
    /// Whom it signs in.
    pub member: StoredMember,
    /// Until when it opens.
    pub expires_at: Timestamp,
    /// The row's MAC.
    pub mac: Option<Vec<u8>>,
}

/// A session as its row has it.
#[derive(Clone, Debug)]
pub struct StoredSession {
    /// Which browser, since when.
    pub session: Session,
    /// Who is signed in.
    pub member: StoredMember,
    /// The row's MAC.
    pub mac: Option<Vec<u8>>,
}

/// Gives a member a link in place of the one before.
///
/// # Errors
/// There is no such member.
pub async fn set_link(
    tx: &mut Tx,
    member: &MemberId,
    hash: &[u8; 32],
    expires_at: Timestamp,
    mac: &[u8],
) -> Result<(), Error> {
    let sql = "INSERT INTO login_links (member_id, hash, expires_at, mac) VALUES ($1, $2, $3, $4)
        ON CONFLICT (member_id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at, mac = excluded.mac";
    tx.run(sql, args![member, hash, expires_at, mac]).await.map(drop)
}

/// The link of this hash, if its time is not over.
///
/// # Errors
/// The database cannot be read.
pub async fn link(tx: &mut Tx, hash: &[u8; 32], now: Timestamp) -> Result<Option<StoredLink>, Error> {
    let sql = "SELECT m.*, l.expires_at AS link_expires_at, l.mac AS link_mac
        FROM login_links l JOIN members m ON m.id = l.member_id WHERE l.hash = $1 AND l.expires_at > $2";
    let Some(row) = tx.one(sql, args![hash, now]).await? else { return Ok(None) };
    let member = crate::members::read(&row)?;
    let link = row.fit("login_links", |row| {
        let mac = row.optional_bytes("link_mac")?.map(ToOwned::to_owned);
        Ok(StoredLink { member, expires_at: row.timestamp("link_expires_at")?, mac })
    });
    link.map(Some)
}

/// Takes a link out of service. False if it was not there: somebody else has used it.
///
/// # Errors
/// The database cannot be written.
pub async fn spend_link(tx: &mut Tx, hash: &[u8; 32], now: Timestamp) -> Result<bool, Error> {
    Ok(tx.run("DELETE FROM login_links WHERE hash = $1 AND expires_at > $2", args![hash, now]).await? == 1)
}

/// Adds a session.
///
/// # Errors
/// There is no such member.
pub async fn insert(tx: &mut Tx, session: &Session, hash: &[u8; 32], mac: &[u8]) -> Result<(), Error> {
    let sql = "INSERT INTO member_sessions (id, member_id, hash, browser, created_at, last_seen_at, expires_at, mac)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let Session { id, member, browser, created_at, last_seen_at, expires_at } = session;
    tx.run(sql, args![id, member, hash, browser, *created_at, *last_seen_at, *expires_at, mac]).await.map(drop)
}

/// The session of this hash with who is signed in, whether it has ended or not.
///
/// # Errors
/// The database cannot be read.
pub async fn by_hash(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<StoredSession>, Error> {
    let sql = "SELECT m.*, s.id AS session_id, s.browser, s.created_at AS signed_in_at, s.last_seen_at, s.expires_at,
            s.mac AS session_mac
        FROM member_sessions s JOIN members m ON m.id = s.member_id WHERE s.hash = $1";
    let Some(row) = tx.one(sql, args![hash]).await? else { return Ok(None) };
    let member = crate::members::read(&row)?;
    let found = row.fit("member_sessions", |row| {
        let session = Session {
            id: row.parsed("session_id")?,
            member: member.member.id.clone(),
            browser: row.text("browser")?.into(),
            created_at: row.timestamp("signed_in_at")?,
            last_seen_at: row.timestamp("last_seen_at")?,
            expires_at: row.timestamp("expires_at")?,
        };
        Ok(StoredSession { session, member, mac: row.optional_bytes("session_mac")?.map(ToOwned::to_owned) })
    });
    found.map(Some)
}

/// A member's sessions, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn of_member(tx: &mut Tx, member: &MemberId) -> Result<Vec<Session>, Error> {
    let sql = "SELECT * FROM member_sessions WHERE member_id = $1 ORDER BY id";
    tx.all(sql, args![member]).await?.iter().map(read).collect()
}

/// Notes when a session was last seen.
///
/// # Errors
/// The database cannot be written.
pub async fn seen(tx: &mut Tx, id: &SessionId, now: Timestamp) -> Result<(), Error> {
    tx.run("UPDATE member_sessions SET last_seen_at = $2 WHERE id = $1", args![id, now]).await.map(drop)
}

/// Ends one of a member's sessions. False if it has none of this id.
///
/// # Errors
/// The database cannot be written.
pub async fn end(tx: &mut Tx, member: &MemberId, id: &SessionId) -> Result<bool, Error> {
    Ok(tx.run("DELETE FROM member_sessions WHERE member_id = $1 AND id = $2", args![member, id]).await? == 1)
}

/// Ends all sessions of a member but one.
///
/// # Errors
/// The database cannot be written.
pub async fn end_others(tx: &mut Tx, member: &MemberId, keep: Option<&SessionId>) -> Result<u64, Error> {
    let sql = "DELETE FROM member_sessions WHERE member_id = $1 AND (CAST($2 AS TEXT) IS NULL OR id <> $2)";
    tx.run(sql, args![member, keep]).await
}

/// Removes what has ended: sessions by their end or unused since `idle`, and links.
///
/// # Errors
/// The database cannot be written.
pub async fn purge(tx: &mut Tx, now: Timestamp, idle: Timestamp) -> Result<u64, Error> {
    let sessions =
        tx.run("DELETE FROM member_sessions WHERE expires_at <= $1 OR last_seen_at <= $2", args![now, idle]).await?;
    Ok(sessions + tx.run("DELETE FROM login_links WHERE expires_at <= $1", args![now]).await?)
}

fn read(row: &Row) -> Result<Session, Error> {
    row.fit("member_sessions", |row| {
        Ok(Session {
            id: row.parsed("id")?,
            member: row.parsed("member_id")?,
            browser: row.text("browser")?.into(),
            created_at: row.timestamp("created_at")?,
            last_seen_at: row.timestamp("last_seen_at")?,
            expires_at: row.timestamp("expires_at")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fixture, members};
    use std::time::Duration;
    use valetkey_domain::member::{Member, Role};
    use valetkey_domain::name::MemberName;

    fn member() -> Member {
        let id = MemberId::parse("mem_1").unwrap();
        Member {
            id,
            name: MemberName::parse("ann").unwrap(),
            role: Role::Owner,
            has_password: false,
            created_at: fixture::now(),
        }
    }

    fn session(id: &str) -> Session {
        let now = fixture::now();
        let (id, member) = (SessionId::parse(id).unwrap(), member().id);
        let expires_at = now + Duration::from_secs(60);
        Session { id, member, browser: "Firefox".into(), created_at: now, last_seen_at: now, expires_at }
    }

    #[tokio::test]
    async fn the_newest_link_opens_once() {
        let store = fixture::store().await;
        let mut tx = store.write().await.unwrap();
        members::insert(&mut tx, &member(), b"mac").await.unwrap();
        let (now, later) = (fixture::now(), fixture::now() + Duration::from_secs(600));
        for hash in [[1; 32], [2; 32]] {
            set_link(&mut tx, &member().id, &hash, later, &hash).await.unwrap();
        }
        assert!(link(&mut tx, &[1; 32], now).await.unwrap().is_none());
        let found = link(&mut tx, &[2; 32], now).await.unwrap().unwrap();
        assert_eq!((found.member.member, found.expires_at, found.mac), (member(), later, Some(vec![2; 32])));
        assert!(link(&mut tx, &[2; 32], later).await.unwrap().is_none());
        assert!(spend_link(&mut tx, &[2; 32], now).await.unwrap());
        assert!(!spend_link(&mut tx, &[2; 32], now).await.unwrap());
    }

    #[tokio::test]
    async fn sessions_are_known_by_hash_end_by_member_and_go_with_it() {
        let store = fixture::store().await;
        let mut tx = store.write().await.unwrap();
        members::insert(&mut tx, &member(), b"mac").await.unwrap();
        for (id, hash) in [("ses_1", [1; 32]), ("ses_2", [2; 32]), ("ses_3", [3; 32])] {
            insert(&mut tx, &session(id), &hash, &hash).await.unwrap();
        }
        let found = by_hash(&mut tx, &[2; 32]).await.unwrap().unwrap();
        assert_eq!((found.session, found.member.member, found.mac), (session("ses_2"), member(), Some(vec![2; 32])));
        let stranger = MemberId::parse("mem_2").unwrap();
        assert!(!end(&mut tx, &stranger, &session("ses_1").id).await.unwrap());
        assert!(end(&mut tx, &member().id, &session("ses_1").id).await.unwrap());
        assert_eq!(end_others(&mut tx, &member().id, Some(&session("ses_2").id)).await.unwrap(), 1);
        assert_eq!(of_member(&mut tx, &member().id).await.unwrap(), [session("ses_2")]);
        let (now, soon) = (fixture::now(), fixture::now() + Duration::from_secs(1));
        assert_eq!(purge(&mut tx, now, now - Duration::from_secs(1)).await.unwrap(), 0);
        seen(&mut tx, &session("ses_2").id, soon).await.unwrap();
        assert_eq!(purge(&mut tx, now, now).await.unwrap(), 0, "it was seen since");
        members::delete(&mut tx, &member().id).await.unwrap();
        assert!(by_hash(&mut tx, &[2; 32]).await.unwrap().is_none());
    }
}
