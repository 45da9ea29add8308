//! Members: who may sign in to the dashboard, and as what. They belong to the installation, whose journal tells of them.

use crate::{App, Error, Result};
use serde_json::{Map, json};
use valetkey_core::keyring::DoorRow;
use valetkey_core::{context, journal};
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::MemberId;
use valetkey_domain::member::{Member, Role};
use valetkey_domain::name::MemberName;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::Tx;
use valetkey_storage::members::{self as rows, StoredMember};

/// The name of the member that a first link is made for.
pub const FIRST: &str = "owner";

/// The operator at the command line, who may do all of this.
#[must_use]
pub fn operator(app: &App) -> Ctx {
    context::installation(&app.core, Actor::Operator)
}

/// Adds a member, who signs in by a link first.
///
/// # Errors
/// The name breaks its rule or is taken.
pub async fn create(app: &App, ctx: &Ctx, name: &str, role: Role) -> Result<Member> {
    let name = MemberName::parse(name).map_err(|error| Error::invalid(error.to_string()))?;
    let member = Member {
        id: MemberId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        name,
        role,
        has_password: false,
        created_at: app.core.now(),
    };
    let macs = app.core.keyring.row_macs().await?;
    let row = StoredMember { member, hash: None, mac: None, wrong_times: 0, wrong_until: None };
    let (mac, member) = (macs.of(DoorRow::Member(&row))?, row.member);
    let mut tx = app.core.change(ctx).await?;
    if !rows::insert(&mut tx, &member, &mac).await? {
        return Err(Error::new(Kind::AlreadyExists, format!("there is a member '{}' already", member.name)));
    }
    let detail = journal::detail([("name", json!(member.name)), ("role", json!(role))]);
    tx.record("member.created", member.id.as_str(), detail).await?.commit().await?;
    Ok(member)
}

/// All members, in the order they were made.
///
/// # Errors
/// The database cannot be read.
pub async fn list(app: &App) -> Result<Vec<Member>> {
    let found = rows::all(&mut app.core.store.glance().await?).await?;
    Ok(found.into_iter().map(|found| found.member).collect())
}

/// The member of this name, ignoring case.
///
/// # Errors
/// There is none.
pub async fn by_name(app: &App, name: &str) -> Result<Member> {
    if let Some(found) = rows::by_name(&mut app.core.store.glance().await?, name).await? {
        return Ok(found.member);
    }
    let known: Vec<_> = list(app).await?.into_iter().map(|member| member.name.to_string()).collect();
    Err(Error::new(Kind::NotFound, format!("member '{name}' not found; there are: {}", known.join(", "))))
}

/// The member that a link is made for if none is named: the oldest owner, made if there is no member at all.
///
/// # Errors
/// The database cannot be read or written.
pub async fn ensure_owner(app: &App) -> Result<Member> {
    match list(app).await?.into_iter().find(|member| member.role == Role::Owner) {
        Some(owner) => Ok(owner),
        None => match create(app, &operator(app), FIRST, Role::Owner).await {
            // Another process starts at this moment too.
            Err(error) if error.kind() == Kind::AlreadyExists => by_name(app, FIRST).await,
            made => made,
        },
    }
}

/// Gives a member another role.
///
/// # Errors
/// There is no such member, or nobody would be an owner any more.
pub async fn set_role(app: &App, ctx: &Ctx, id: &MemberId, role: Role) -> Result<()> {
    let macs = app.core.keyring.row_macs().await?;
    let mut tx = app.core.change(ctx).await?;
    tx.alone("members").await?;
    let mut row = rows::get(&mut tx, id).await?.ok_or_else(|| unknown(id))?;
    macs.check(DoorRow::Member(&row), row.mac.as_deref())?;
    if role != Role::Owner {
        another_owner(&mut tx, id).await?;
    }
    row.member.role = role;
    rows::set_role(&mut tx, id, role, &macs.of(DoorRow::Member(&row))?).await?;
    let detail = journal::detail([("role", json!(role))]);
    tx.record("member.role_changed", id.as_str(), detail).await?.commit().await
}

/// Removes a member, who is signed out everywhere at once.
///
/// # Errors
/// There is no such member, or nobody would be an owner any more.
pub async fn delete(app: &App, ctx: &Ctx, id: &MemberId) -> Result<()> {
    let mut tx = app.core.change(ctx).await?;
    tx.alone("members").await?;
    another_owner(&mut tx, id).await?;
    if !rows::delete(&mut tx, id).await? {
        return Err(unknown(id));
    }
    tx.record("member.deleted", id.as_str(), Map::new()).await?.commit().await
}

/// The caller is alone, so that two owners can't make each other no owner at one time.
async fn another_owner(tx: &mut Tx, id: &MemberId) -> Result<()> {
    let others = rows::all(tx).await?.into_iter().map(|found| found.member).filter(|member| member.id != *id);
    if others.into_iter().any(|member| member.role == Role::Owner) {
        return Ok(());
    }
    Err(Error::new(Kind::FailedPrecondition, "this is the only owner: make another member an owner first"))
}

fn unknown(id: &MemberId) -> Error {
    Error::not_found("member", id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;

    #[tokio::test]
    async fn the_last_owner_stays_one() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &operator(&fixture.app));
        let owner = ensure_owner(app).await.unwrap();
        assert_eq!(ensure_owner(app).await.unwrap(), owner);
        for refused in [set_role(app, ctx, &owner.id, Role::Auditor).await, delete(app, ctx, &owner.id).await] {
            assert_eq!(refused.unwrap_err().kind(), Kind::FailedPrecondition);
        }
        let ann = create(app, ctx, "ann@example.com", Role::Owner).await.unwrap();
        set_role(app, ctx, &owner.id, Role::Support).await.unwrap();
        assert_eq!(ensure_owner(app).await.unwrap().id, ann.id);
        assert_eq!(delete(app, ctx, &ann.id).await.unwrap_err().kind(), Kind::FailedPrecondition);
        delete(app, ctx, &owner.id).await.unwrap();
        assert_eq!(delete(app, ctx, &owner.id).await.unwrap_err().kind(), Kind::NotFound);
    }

    #[tokio::test]
    async fn a_name_is_taken_ignoring_case_and_has_to_be_seen() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &operator(&fixture.app));
        create(app, ctx, "ann", Role::Auditor).await.unwrap();
        assert_eq!(create(app, ctx, "ANN", Role::Auditor).await.unwrap_err().kind(), Kind::AlreadyExists);
        for wrong in ["", " ann", "an\u{200b}n", &"a".repeat(101)] {
            assert_eq!(create(app, ctx, wrong, Role::Auditor).await.unwrap_err().kind(), Kind::InvalidArgument);
        }
        assert!(by_name(app, "bob").await.unwrap_err().message().contains("ann"));
    }
}
