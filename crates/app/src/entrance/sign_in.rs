//! Signing in to the dashboard: a one-time link from the command line, or a password. What a browser then holds is a
//! cookie, of which a hash is kept here; [`SignedIn`] is the door to everything behind it.

mod counted;
mod hashing;

use super::browsers::Browser;
use crate::tenancy::members;
use crate::{App, Error, Result};
use counted::Caller;
use hashing::{HASHING, KNOWN_HASHING, Line};
use serde_json::{Map, json};
use std::time::Duration;
use valetkey_core::keyring::{DoorRow, RowMacs};
use valetkey_core::{Change, context, journal};
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::{EnvironmentId, SessionId};
use valetkey_domain::invisible::shown;
use valetkey_domain::member::{Member, Right, Session};
use valetkey_domain::{Ctx, Kind, Secret, Timestamp};
use valetkey_storage::Tx;
use valetkey_storage::member_sessions::{self as rows, StoredSession};
use valetkey_storage::members::{self as member_rows, StoredMember};
use valetkey_vault::{password, random, sha256};

/// How long a link opens.
pub const LINK_LIFE: Duration = Duration::from_secs(10 * 60);

/// How long a session lasts, however much it is used.
pub const SESSION_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long it lasts without being used.
const IDLE: Duration = Duration::from_secs(12 * 3600);

/// How exactly it is noted when a session was last seen.
const SEEN_EVERY: Duration = Duration::from_secs(60);

/// How many characters a password has at least, and bytes at most.
const PASSWORD: std::ops::RangeInclusive<usize> = 12..=1024;

/// A link that signs a member in, once.
pub struct Link {
    /// What the address ends in.
    pub token: Secret<str>,
    /// Until when it opens.
    pub expires_at: Timestamp,
}

/// A member who has just signed in.
pub struct Fresh {
    /// What the browser's cookie holds from now on.
    pub cookie: Secret<str>,
    /// What it keeps longer: that its member signed in there. None of a browser without a secret.
    pub mark: Option<Secret<str>>,
    /// Who.
    pub member: Member,
}

/// A member behind a browser's cookie.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub member: Member,
    /// With which browser.
    pub session: Session,
}

/// Makes a member a link in place of the one before.
///
/// # Errors
/// There is no such member any more.
pub async fn link(app: &App, ctx: &Ctx, member: &Member) -> Result<Link> {
    let token = random::bearer("")?;
    let (hash, expires_at) = (sha256(token.bytes()), app.core.now() + LINK_LIFE);
    let mac = app.core.keyring.row_macs().await?.of(DoorRow::Link(&member.id, &hash, expires_at))?;
    let mut tx = app.core.change(ctx).await?;
    rows::set_link(&mut tx, &member.id, &hash, expires_at, &mac).await?;
    tx.record("member.login_link_made", member.id.as_str(), Map::new()).await?.commit().await?;
    Ok(Link { token, expires_at })
}

/// Whom a link would sign in. Nothing is spent: what previews addresses opens them too.
///
/// # Errors
/// `NOT_FOUND` for a link that never was, was used, was replaced by a newer one or has expired.
pub async fn open_link(app: &App, token: &str) -> Result<Member> {
    context::time_is_known(&app.core)?;
    let hash = sha256(token.as_bytes());
    let found = rows::link(&mut app.core.store.glance().await?, &hash, app.core.now()).await?.ok_or_else(spent)?;
    let row = DoorRow::Link(&found.member.member.id, &hash, found.expires_at);
    match app.core.keyring.wrote(row, found.mac.as_deref()).await? {
        true => ours(app, found.member).await?.ok_or_else(spent),
        false => Err(spent()),
    }
}

/// The member whose row this is, if this server wrote it.
pub(super) async fn ours(app: &App, found: StoredMember) -> Result<Option<Member>> {
    let wrote = app.core.keyring.wrote(DoorRow::Member(&found), found.mac.as_deref()).await?;
    Ok(wrote.then_some(found.member))
}

/// Spends a link.
///
/// # Errors
/// As for [`open_link`].
pub async fn sign_in_by_link(app: &App, token: &str, browser: &Browser<'_>) -> Result<Fresh> {
    let member = open_link(app, token).await?;
    let (ctx, macs) = (installation(app, &member), app.core.keyring.row_macs().await?);
    let mut tx = app.core.change(&ctx).await?;
    if !rows::spend_link(&mut tx, &sha256(token.as_bytes()), app.core.now()).await? {
        return Err(spent());
    }
    begin(app, tx, &macs, member, browser, "link").await
}

/// Signs in by name and password.
///
/// # Errors
/// `UNAUTHENTICATED`, the same for a name that isn't there, one without a password, and a wrong one; `RESOURCE_EXHAUSTED`
/// after too many wrong ones, and while too many others sign in.
pub async fn sign_in_by_password(app: &App, name: &str, given: &Secret<str>, browser: &Browser<'_>) -> Result<Fresh> {
    context::time_is_known(&app.core)?;
    let found = member_rows::by_name(&mut app.core.store.glance().await?, name).await?;
    let caller = Caller::at(app, browser, found.as_ref()).await?;
    let looked_at = caller.tries(app, name, found.as_ref()).await?;
    let kept = found.as_ref().and_then(|found| found.hash.clone());
    let wrong = || Error::new(Kind::Unauthenticated, "name and password do not fit");
    let line = if caller == Caller::Stranger { &HASHING } else { &KNOWN_HASHING };
    if !fits(line, given, kept.clone()).await? {
        return Err(wrong());
    }
    drop(looked_at);
    let found = found.ok_or_else(|| Error::internal("a password of nobody fitted"))?;
    let member = ours(app, found).await?.ok_or_else(wrong)?;
    let (ctx, macs) = (installation(app, &member), app.core.keyring.row_macs().await?);
    let mut tx = app.core.change(&ctx).await?;
    if !is_kept(&mut tx, &member, kept.as_deref()).await? {
        return Err(wrong());
    }
    match caller {
        // What strangers tried is not forgotten: a member who signs in every day would give them new tries every day.
        Caller::Known(browser) => app.tries.forget(&browser),
        Caller::Stranger => member_rows::forget_tries(&mut tx, &member.id).await?,
    }
    begin(app, tx, &macs, member, browser, "password").await
}

async fn fits(line: &Line, given: &Secret<str>, kept: Option<String>) -> Result<bool> {
    if given.bytes().len() > *PASSWORD.end() {
        return Ok(false);
    }
    let given = Secret::from(given.expose());
    line.run(move || password::fits(&given, kept.as_deref())).await
}

/// Whether the member is still there with the password that was looked at: that takes a while, longer in a line.
async fn is_kept(tx: &mut Tx, member: &Member, looked_at: Option<&str>) -> Result<bool> {
    let now = member_rows::by_name(tx, member.name.as_str()).await?;
    Ok(now.is_some_and(|now| now.member.id == member.id && now.hash.as_deref() == looked_at))
}

pub(super) async fn begin(
    app: &App,
    mut tx: Change<'_>,
    macs: &RowMacs,
    member: Member,
    browser: &Browser<'_>,
    by: &'static str,
) -> Result<Fresh> {
    let cookie = random::bearer("")?;
    let now = app.core.now();
    let session = Session {
        id: SessionId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        member: member.id.clone(),
        browser: shown(browser.name, 200),
        created_at: now,
        last_seen_at: now,
        expires_at: now + SESSION_LIFE,
    };
    let hash = sha256(cookie.bytes());
    rows::insert(&mut tx, &session, &hash, &macs.of(DoorRow::Session(&session, &hash))?).await?;
    let detail = journal::detail([("by", json!(by)), ("session", json!(session.id))]);
    let mark = match browser.secret {
        Some(secret) => Some(macs.of(DoorRow::Browser(&member.id, &sha256(secret.bytes())))?),
        None => None,
    };
    tx.record("member.signed_in", member.id.as_str(), detail).await?.commit().await?;
    Ok(Fresh { cookie, mark: mark.map(|mac| Secret::from(hex::encode(mac))), member })
}

/// The member that a cookie belongs to.
///
/// # Errors
/// `UNAUTHENTICATED` for a cookie that is nobody's, or whose session has ended.
pub async fn signed_in(app: &App, cookie: &Secret<str>) -> Result<SignedIn> {
    context::time_is_known(&app.core)?;
    let hash = sha256(cookie.bytes());
    let found = rows::by_hash(&mut app.core.store.glance().await?, &hash).await?;
    app.core.keyring.check_open()?;
    let ended = || Error::new(Kind::Unauthenticated, "nobody is signed in with this browser (any more)");
    let StoredSession { mut session, member, mac } = found.ok_or_else(ended)?;
    if !app.core.keyring.wrote(DoorRow::Session(&session, &hash), mac.as_deref()).await? {
        return Err(ended());
    }
    let member = ours(app, member).await?.ok_or_else(ended)?;
    let now = app.core.now();
    if session.expires_at <= now || session.last_seen_at + IDLE <= now {
        return Err(ended());
    }
    if session.last_seen_at + SEEN_EVERY <= now {
        let mut tx = app.core.store.write().await?;
        rows::seen(&mut tx, &session.id, now).await?;
        tx.commit().await?;
        session.last_seen_at = now;
    }
    Ok(SignedIn { member, session })
}

impl SignedIn {
    /// The way into an environment, for what needs that right.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` for a role without it.
    pub fn enter(&self, app: &App, environment: &EnvironmentId, right: Right) -> Result<Ctx> {
        self.need(right)?;
        Ok(context::enter(&app.core, environment.clone(), Actor::Member(self.member.id.clone())))
    }

    /// The way to what belongs to the installation.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` for a role without the right.
    pub fn enter_installation(&self, app: &App, right: Right) -> Result<Ctx> {
        self.need(right)?;
        Ok(installation(app, &self.member))
    }

    fn need(&self, right: Right) -> Result<()> {
        let role = self.member.role;
        if role.may(right) {
            return Ok(());
        }
        let message = format!("as {} you may not do this: ask an owner", role.as_str());
        Err(Error::new(Kind::PermissionDenied, message))
    }
}

/// The member's own sessions, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn list(app: &App, who: &SignedIn) -> Result<Vec<Session>> {
    let now = app.core.now();
    let all = rows::of_member(&mut app.core.store.glance().await?, &who.member.id).await?;
    Ok(all.into_iter().filter(|session| session.expires_at > now && session.last_seen_at + IDLE > now).collect())
}

/// Ends one of the member's own sessions.
///
/// # Errors
/// There is none of this id.
pub async fn end(app: &App, who: &SignedIn, id: &SessionId) -> Result<()> {
    let ctx = installation(app, &who.member);
    let mut tx = app.core.change(&ctx).await?;
    if !rows::end(&mut tx, &who.member.id, id).await? {
        return Err(Error::not_found("session", id.as_str()));
    }
    let detail = journal::detail([("session", json!(id))]);
    tx.record("member.signed_out", who.member.id.as_str(), detail).await?.commit().await
}

/// Gives the member another password, and ends its other sessions. Who has one must know it.
///
/// # Errors
/// The old one is wrong; the new one is too short or too long.
pub async fn set_password(app: &App, who: &SignedIn, old: Option<&Secret<str>>, new: &Secret<str>) -> Result<()> {
    if new.expose().chars().count() < *PASSWORD.start() || new.bytes().len() > *PASSWORD.end() {
        let rule =
            format!("a password has {} characters at least and {} bytes at most", PASSWORD.start(), PASSWORD.end());
        return Err(Error::invalid(rule));
    }
    let found = member_rows::by_name(&mut app.core.store.glance().await?, who.member.name.as_str()).await?;
    let found = found.ok_or_else(|| Error::not_found("member", who.member.name.as_str()))?;
    if found.hash.is_some() {
        let caller = Caller::signed_in(&who.member);
        let _looked_at = caller.tries(app, who.member.name.as_str(), Some(&found)).await?;
        let right = match old {
            Some(old) => fits(&KNOWN_HASHING, old, found.hash.clone()).await?,
            None => false,
        };
        if !right {
            return Err(Error::invalid("the password you have now is another one"));
        }
        if let Caller::Known(member) = caller {
            app.tries.forget(&member);
        }
    }
    let new = Secret::from(new.expose());
    let hash = KNOWN_HASHING.run(move || password::hash(&new)).await??;
    let (ctx, macs) = (installation(app, &who.member), app.core.keyring.row_macs().await?);
    let mut tx = app.core.change(&ctx).await?;
    tx.alone("members").await?;
    let sessions = rows::of_member(&mut tx, &who.member.id).await?;
    let signed_in = sessions.iter().any(|session| session.id == who.session.id);
    if !signed_in || !is_kept(&mut tx, &who.member, found.hash.as_deref()).await? {
        let message = "nothing was changed: meanwhile you were signed out here, or got another password elsewhere";
        return Err(Error::new(Kind::Aborted, message));
    }
    let row = member_rows::get(&mut tx, &who.member.id).await?;
    let mut row = row.ok_or_else(|| Error::not_found("member", who.member.name.as_str()))?;
    macs.check(DoorRow::Member(&row), row.mac.as_deref())?;
    row.hash = Some(hash.clone());
    member_rows::set_password(&mut tx, &who.member.id, &hash, &macs.of(DoorRow::Member(&row))?).await?;
    rows::end_others(&mut tx, &who.member.id, Some(&who.session.id)).await?;
    tx.record("member.password_set", who.member.id.as_str(), Map::new()).await?.commit().await
}

/// Removes what has ended. Says how many rows went.
///
/// # Errors
/// The database cannot be written.
pub async fn tidy(app: &App) -> Result<u64> {
    let now = app.core.now();
    let mut tx = app.core.store.write().await?;
    let gone = rows::purge(&mut tx, now, now - IDLE).await?;
    tx.commit().await?;
    Ok(gone)
}

pub(super) fn installation(app: &App, member: &Member) -> Ctx {
    context::installation(&app.core, Actor::Member(member.id.clone()))
}

fn spent() -> Error {
    Error::new(Kind::NotFound, "this link does not open (any more): `valetkey login` prints a new one")
}

/// Makes the first owner a link, as a start prints it.
///
/// # Errors
/// The database cannot be read or written.
pub async fn first_link(app: &App) -> Result<Link> {
    let owner = members::ensure_owner(app).await?;
    link(app, &members::operator(app), &owner).await
}

#[cfg(test)]
mod tests;
