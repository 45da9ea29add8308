//! Members: the people who sign in to the dashboard. They belong to the installation, so nothing here takes a `Ctx`;
//! who may get here is decided by a member's session, or is the operator.
//!
//! What lets somebody in is given with the row's MAC, which the keyring looks at (`valetkey_core::keyring`).

use crate::{Error, Row, Tx, args};
use valetkey_domain::id::MemberId;
use valetkey_domain::member::{Member, Role};
use valetkey_domain::{Kind, Timestamp};

/// A member as its row has it.
#[derive(Clone, Debug)]
pub struct StoredMember {
    /// Who.
    pub member: Member,
    /// The password's hash in PHC's text form, if there is one.
    pub hash: Option<String>,
    /// The row's MAC.
    pub mac: Option<Vec<u8>>,
    /// Wrong passwords in a row.
    pub wrong_times: i64,
    /// Until when no password is looked at.
    pub wrong_until: Option<Timestamp>,
}

/// Adds a member. False if the name is taken, ignoring case.
///
/// # Errors
/// The database cannot be written.
pub async fn insert(tx: &mut Tx, member: &Member, mac: &[u8]) -> Result<bool, Error> {
    let sql = "INSERT INTO members (id, name, name_folded, role, created_at, mac) VALUES ($1, $2, $3, $4, $5, $6)";
    let Member { id, name, role, created_at, .. } = member;
    let inserted = tx.run(sql, args![id, name, name.as_str().to_lowercase(), role.as_str(), *created_at, mac]).await;
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == Kind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// All of them, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn all(tx: &mut Tx) -> Result<Vec<StoredMember>, Error> {
    tx.all("SELECT * FROM members ORDER BY id", []).await?.iter().map(read).collect()
}

/// The member of this id.
///
/// # Errors
/// The database cannot be read.
pub async fn get(tx: &mut Tx, id: &MemberId) -> Result<Option<StoredMember>, Error> {
    tx.one("SELECT * FROM members WHERE id = $1", args![id]).await?.as_ref().map(read).transpose()
}

/// The member of this name, ignoring case.
///
/// # Errors
/// The database cannot be read.
pub async fn by_name(tx: &mut Tx, name: &str) -> Result<Option<StoredMember>, Error> {
    let row = tx.one("SELECT * FROM members WHERE name_folded = $1", args![name.to_lowercase()]).await?;
    row.as_ref().map(read).transpose()
}

/// Gives a member another role. False if there is no such member.
///
/// # Errors
/// The database cannot be written.
pub async fn set_role(tx: &mut Tx, id: &MemberId, role: Role, mac: &[u8]) -> Result<bool, Error> {
    Ok(tx.run("UPDATE members SET role = $2, mac = $3 WHERE id = $1", args![id, role.as_str(), mac]).await? == 1)
}

/// Gives a member another password, and forgets the wrong ones. False if there is no such member.
///
/// # Errors
/// The database cannot be written.
pub async fn set_password(tx: &mut Tx, id: &MemberId, hash: &str, mac: &[u8]) -> Result<bool, Error> {
    let sql = "UPDATE members SET password = $2, mac = $3, wrong_times = 0, wrong_until = NULL WHERE id = $1";
    Ok(tx.run(sql, args![id, hash, mac]).await? == 1)
}

/// Counts a try at a password before it is looked at, as wrong, and says until when there is no next one. False if
/// somebody else's try was counted since `seen` were: then this one is not to be looked at.
///
/// # Errors
/// The database cannot be written.
pub async fn count_try(tx: &mut Tx, id: &MemberId, seen: i64, until: Option<Timestamp>) -> Result<bool, Error> {
    let sql = "UPDATE members SET wrong_times = wrong_times + 1, wrong_until = $3 WHERE id = $1 AND wrong_times = $2";
    Ok(tx.run(sql, args![id, seen, until]).await? == 1)
}

/// Forgets the wrong passwords: the right one came.
///
/// # Errors
/// The database cannot be written.
pub async fn forget_tries(tx: &mut Tx, id: &MemberId) -> Result<(), Error> {
    let sql = "UPDATE members SET wrong_times = 0, wrong_until = NULL WHERE id = $1";
    tx.run(sql, args![id]).await.map(drop)
}

/// Removes a member with its sessions and its link. False if there is no such member.
///
/// # Errors
/// The database cannot be written.
pub async fn delete(tx: &mut Tx, id: &MemberId) -> Result<bool, Error> {
    Ok(tx.run("DELETE FROM members WHERE id = $1", args![id]).await? == 1)
}

pub(crate) fn read(row: &Row) -> Result<StoredMember, Error> {
    row.fit("members", |row| {
        let hash = row.optional_text("password")?.map(ToOwned::to_owned);
        let member = Member {
            id: row.parsed("id")?,
            name: row.parsed("name")?,
            role: row.parsed("role")?,
            has_password: hash.is_some(),
            created_at: row.timestamp("created_at")?,
        };
        Ok(StoredMember {
            member,
            hash,
            mac: row.optional_bytes("mac")?.map(ToOwned::to_owned),
            wrong_times: row.integer("wrong_times")?,
            wrong_until: row.optional_timestamp("wrong_until")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use valetkey_domain::name::MemberName;

    fn member(id: &str, name: &str) -> Member {
        Member {
            id: MemberId::parse(id).unwrap(),
            name: MemberName::parse(name).unwrap(),
            role: Role::Owner,
            has_password: false,
            created_at: fixture::now(),
        }
    }

    #[tokio::test]
    async fn names_are_unique_ignoring_case_and_a_role_can_change() {
        let store = fixture::store().await;
        let mut tx = store.write().await.unwrap();
        let ann = member("mem_1", "Ann@example.com");
        assert!(insert(&mut tx, &ann, b"mac").await.unwrap());
        tx.commit().await.unwrap();
        let mut tx = store.write().await.unwrap();
        assert!(!insert(&mut tx, &member("mem_2", "ann@EXAMPLE.com"), b"mac").await.unwrap());
        drop(tx);
        let mut tx = store.write().await.unwrap();
        assert_eq!(by_name(&mut tx, "ANN@example.com").await.unwrap().unwrap().member, ann);
        assert!(set_role(&mut tx, &ann.id, Role::Auditor, b"another").await.unwrap());
        let now = get(&mut tx, &ann.id).await.unwrap().unwrap();
        assert_eq!((now.member.role, now.mac.as_deref()), (Role::Auditor, Some(&b"another"[..])));
        assert!(delete(&mut tx, &ann.id).await.unwrap() && all(&mut tx).await.unwrap().is_empty());
        assert!(!set_role(&mut tx, &ann.id, Role::Owner, b"mac").await.unwrap());
    }

    #[tokio::test]
    async fn of_two_tries_at_one_time_one_is_looked_at() {
        let store = fixture::store().await;
        let mut tx = store.write().await.unwrap();
        let ann = member("mem_1", "ann");
        insert(&mut tx, &ann, b"mac").await.unwrap();
        assert!(set_password(&mut tx, &ann.id, "hash", b"mac").await.unwrap());
        let until = Some(fixture::now());
        assert!(count_try(&mut tx, &ann.id, 0, until).await.unwrap());
        assert!(!count_try(&mut tx, &ann.id, 0, until).await.unwrap());
        let seen = by_name(&mut tx, "ann").await.unwrap().unwrap();
        assert_eq!((seen.wrong_times, seen.wrong_until, seen.hash.as_deref()), (1, until, Some("hash")));
        forget_tries(&mut tx, &ann.id).await.unwrap();
        assert_eq!(by_name(&mut tx, "ann").await.unwrap().unwrap().wrong_times, 0);
    }
}
