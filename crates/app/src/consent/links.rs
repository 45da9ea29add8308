//! Links, made for an app or given again: for one connection, or for all of a list in one commit.

use super::link::{ready, spends};
use crate::accounts;
use crate::connections::{self, Wired};
use crate::tenancy::verification;
use crate::{App, Error, Result};
use futures::future::try_join_all;
use serde_json::{Map, Value, json};
use std::time::Duration;
use valetkey_core::{Change, journal};
use valetkey_domain::account::{ConnectedAccount, Owner};
use valetkey_domain::authorization::{Authorization, Stage, VerifyAt};
use valetkey_domain::connection::Connection;
use valetkey_domain::id::AuthorizationId;
use valetkey_domain::{Ctx, Kind, Secret, Timestamp};
use valetkey_storage::Tx;
use valetkey_storage::{accounts as account_rows, authorizations as rows, environments};

/// How many links an account has at a time; older ones end.
const LIVE: i64 = 3;

/// How often it is looked again where somebody else has made an account or a link meanwhile.
const ROUNDS: u32 = 9;
/// The first pause before that, in which what they made is committed; each is twice the one before.
const PAUSE: Duration = Duration::from_millis(5);

/// An address where a person can sign in.
#[derive(Clone)]
pub struct Link {
    /// The address; whoever has it can sign in for the user it was made for.
    pub url: String,
    /// Until when it opens.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// How a link reaches its person, which says how long it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// With an MCP answer or in a chat: it is opened at once or not at all.
    Chat,
    /// Sent to somebody, who may read it tomorrow.
    Mail,
}

impl Life {
    fn of(self, app: &App) -> Duration {
        match self {
            Self::Chat => app.core.settings.chat_link_life,
            Self::Mail => app.core.settings.mail_link_life,
        }
    }
}

/// What an app wants of a link beside its life.
#[derive(Clone, Debug, Default)]
pub struct LinkOptions {
    /// Where the person is sent to be confirmed.
    pub user_verify_url: Option<String>,
    /// What the app wants back there.
    pub state: Option<String>,
    /// Where the config that the link is made for has people confirmed.
    pub config_verify_url: Option<String>,
    /// Scopes that the person is asked for whatever else they are asked for: those that a call lacked.
    pub scopes: Vec<String>,
}

/// A link for this owner to sign in with on a connection, with the account, which is made if there is none.
///
/// # Errors
/// As for [`link`].
pub async fn link_for(
    app: &App,
    ctx: &Ctx,
    connection: &Connection,
    owner: Owner,
    life: Life,
    wishes: &LinkOptions,
) -> Result<(ConnectedAccount, Link)> {
    let mut all = links_for(app, ctx, std::slice::from_ref(connection), &owner, life, wishes).await?;
    all.pop().ok_or_else(none)
}

/// The same on several connections, in their order. What is made and that links are shown is committed together, before any
/// link is given.
///
/// # Errors
/// As for [`link`]; nothing is made then.
pub async fn links_for(
    app: &App,
    ctx: &Ctx,
    connections: &[Connection],
    owner: &Owner,
    life: Life,
    wishes: &LinkOptions,
) -> Result<Vec<(ConnectedAccount, Link)>> {
    let mut wired = Vec::with_capacity(connections.len());
    for connection in connections {
        let one = Wired::of(app, connection.clone())?;
        let verify = confirmed_at(app, ctx, &one, wishes).await?;
        wired.push((one, verify));
    }
    for round in 0..ROUNDS {
        pause_before(round).await;
        let mut wanted = Vec::with_capacity(wired.len());
        for (wired, verify) in &wired {
            let there = accounts::find(app, ctx, &wired.connection.id, owner).await?;
            let is_new = there.is_none();
            let account = there.unwrap_or_else(|| accounts::fresh(app, ctx, &wired.connection, owner.clone()));
            wanted.push(WantedLink { wired, account, is_new, verify: verify.as_ref() });
        }
        if let Some(links) = give(app, ctx, &wanted, (life.of(app), &wishes.scopes)).await? {
            return Ok(wanted.into_iter().map(|one| one.account).zip(links).collect());
        }
    }
    Err(busy())
}

/// A link for an account that opens for `life`, or for what is left of it where one with more than a third of its life
/// was made before and nobody has begun with it: that one is given again, and all that is written is that it was. The
/// account goes on as it is, whatever becomes of the link.
///
/// # Errors
/// The connection is switched off, lacks its OAuth client, or has one whose secret no longer opens; the message says
/// what.
pub async fn link(
    app: &App,
    ctx: &Ctx,
    connection: &Connection,
    account: &ConnectedAccount,
    life: Duration,
) -> Result<Link> {
    let wired = Wired::of(app, connection.clone())?;
    let verify = confirmed_at(app, ctx, &wired, &LinkOptions::default()).await?;
    let wanted = WantedLink { wired: &wired, account: account.clone(), is_new: false, verify: verify.as_ref() };
    for round in 0..ROUNDS {
        pause_before(round).await;
        if let Some(mut links) = give(app, ctx, std::slice::from_ref(&wanted), (life, &[])).await? {
            return links.pop().ok_or_else(none);
        }
    }
    Err(busy())
}

async fn pause_before(round: u32) {
    if round > 0 {
        tokio::time::sleep(PAUSE * 2_u32.pow(round - 1)).await;
    }
}

fn none() -> Error {
    Error::new(Kind::Internal, "a link was asked for and none was made")
}

fn busy() -> Error {
    Error::new(Kind::Aborted, "the user's links are being made at this moment: try again")
}

/// A link that is wanted.
struct WantedLink<'a> {
    wired: &'a Wired,
    account: ConnectedAccount,
    /// Whether the account is still to be made.
    is_new: bool,
    verify: Option<&'a VerifyAt>,
}

/// A link that is given.
enum GivenLink {
    /// One that was made before.
    Again(AuthorizationId, Link),
    /// One that is to be made, with the SHA-256 of its token, and those that were there before and don't come out again.
    New(Box<Authorization>, [u8; 32], Link, Vec<Made>),
}

/// The links, in one commit; none if somebody else has made one of them, or an account, meanwhile.
async fn give(
    app: &App,
    ctx: &Ctx,
    wanted: &[WantedLink<'_>],
    (life, lacking): (Duration, &[String]),
) -> Result<Option<Vec<Link>>> {
    let mut given = Vec::with_capacity(wanted.len());
    for one in wanted {
        given.push(one.given(app, ctx, (life, lacking)).await?);
    }
    let made = given.iter().any(|one| matches!(one, GivenLink::New(..)));
    let now = app.core.now();
    if !made {
        // The journal's writer commits whatever waits for it at once.
        let untold = wanted.iter().zip(&given).filter(|(_, given)| !app.shown_links.told(ctx, given.id(), now));
        let shown = untold.flat_map(|(one, given)| given.records(one));
        try_join_all(shown.map(async |(action, id, detail)| app.core.journal.fact_now(ctx, action, &id, detail).await))
            .await?;
    } else if !make(app, ctx, wanted, &given, (life, lacking)).await? {
        return Ok(None);
    }
    for one in &given {
        if !app.shown_links.told(ctx, one.id(), now) {
            app.shown_links.keep(ctx, one.id().clone(), now);
        }
    }
    Ok(Some(given.into_iter().map(GivenLink::link).collect()))
}

/// Makes what is to be made, and records all that is given. False if somebody else was faster: nothing is made then.
async fn make(
    app: &App,
    ctx: &Ctx,
    wanted: &[WantedLink<'_>],
    given: &[GivenLink],
    asked: (Duration, &[String]),
) -> Result<bool> {
    let mut change = app.core.change(ctx).await?;
    // Of many who ask at once one makes the links. All that is to be alone is so before anything is written, and in an
    // order that all who ask have in common.
    let mut order: Vec<_> = wanted.iter().zip(given).collect();
    order.sort_by(|(one, _), (other, _)| one.account.connection.cmp(&other.account.connection));
    for (one, given) in &order {
        match given {
            GivenLink::New(..) if one.is_new => account_rows::alone_for(&mut change, &one.account).await?,
            GivenLink::New(..) => change.alone(one.account.id.as_str()).await?,
            GivenLink::Again(..) => {}
        }
    }
    for (one, given) in order {
        let GivenLink::New(authorization, hash, _, before) = given else { continue };
        if !one.insert(ctx, &mut change, (authorization, hash, before), asked).await? {
            return Ok(false);
        }
    }
    let mut records = wanted.iter().zip(given).flat_map(|(one, given)| given.records(one));
    let Some((action, id, detail)) = records.next() else { return Ok(true) };
    let mut recorded = change.record(action, &id, detail).await?;
    for (action, id, detail) in records {
        recorded = recorded.record(action, &id, detail).await?;
    }
    recorded.commit().await?;
    Ok(true)
}

impl WantedLink<'_> {
    /// The link that was made before, or what one that is to be made will be.
    async fn given(&self, app: &App, ctx: &Ctx, (life, lacking): (Duration, &[String])) -> Result<GivenLink> {
        let Self { wired, account, verify, .. } = self;
        let connection = &wired.connection;
        if account.environment != ctx.environment || account.connection != connection.id {
            return Err(Error::not_found("connected account", &account.id));
        }
        if let Err(why) = ready(wired, account) {
            return Err(Error::new(Kind::FailedPrecondition, why));
        }
        connections::client_secret(app, wired).await?;
        let (now, mut before) = (app.core.now(), Vec::new());
        if !self.is_new {
            before = fresh(ctx, &mut app.core.store.glance().await?, account, (life, *verify, lacking), now).await?;
        }
        if let Some((id, link)) = again(app, ctx, &before).await? {
            return Ok(GivenLink::Again(id, link));
        }
        let authorization = Authorization {
            id: AuthorizationId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
            environment: ctx.environment.clone(),
            connection: connection.id.clone(),
            account: account.id.clone(),
            stage: Stage::Linked,
            asked: (!lacking.is_empty()).then(|| lacking.to_vec()),
            verify: verify.cloned(),
            link_expires_at: now + life,
            created_at: now,
        };
        let token = app.core.keyring.link_mint(&ctx.environment, &authorization.id).await?;
        let link = Link { url: address(app, &token), expires_at: authorization.link_expires_at };
        Ok(GivenLink::New(Box::new(authorization), valetkey_vault::sha256(token.bytes()), link, before))
    }

    /// Adds the link, and the account if it is new. False if somebody else has made one meanwhile.
    async fn insert(
        &self,
        ctx: &Ctx,
        change: &mut Change<'_>,
        (authorization, hash, before): (&Authorization, &[u8; 32], &[Made]),
        (life, lacking): (Duration, &[String]),
    ) -> Result<bool> {
        let (account, now) = (&self.account, authorization.created_at);
        if self.is_new && !account_rows::ensure(ctx, change, account).await?.1 {
            return Ok(false);
        }
        let mut meanwhile = fresh(ctx, change, account, (life, self.verify, lacking), now).await?;
        meanwhile.retain(|(one, _)| before.iter().all(|(old, _)| old.id != one.id));
        if !meanwhile.is_empty() {
            return Ok(false);
        }
        rows::end_older_links(ctx, change, &account.id, LIVE - 1, now).await?;
        rows::prune(ctx, change, &account.id, now - super::REMEMBERED).await?;
        rows::insert(ctx, change, authorization, hash).await?;
        Ok(true)
    }
}

impl GivenLink {
    fn id(&self) -> &AuthorizationId {
        match self {
            Self::Again(id, _) => id,
            Self::New(made, ..) => &made.id,
        }
    }

    fn link(self) -> Link {
        match self {
            Self::Again(_, link) | Self::New(_, _, link, _) => link,
        }
    }

    /// What the journal tells of it: that the account was made, if it was, and that the link was made, or shown again.
    fn records(&self, wanted: &WantedLink<'_>) -> Vec<(&'static str, String, Map<String, Value>)> {
        let account = wanted.account.id.to_string();
        let of_account = journal::detail([("account", json!(account))]);
        let mut records = Vec::new();
        if wanted.is_new {
            records.push(("account.created", account, Map::new()));
        }
        records.push(match self {
            Self::Again(id, _) => ("authorization.link_shown", id.to_string(), of_account),
            Self::New(made, ..) => ("authorization.linked", made.id.to_string(), of_account),
        });
        records
    }
}

/// Where the person of a link is confirmed. What somebody typed is nobody's sign-in, so there it means nothing.
async fn confirmed_at(app: &App, ctx: &Ctx, wired: &Wired, wishes: &LinkOptions) -> Result<Option<VerifyAt>> {
    let environment = environments::get(&mut app.core.store.glance().await?, &ctx.environment).await?;
    let environment = environment.ok_or_else(|| Error::not_found("environment", &ctx.environment))?;
    let (config, own) = (wishes.config_verify_url.as_deref(), wishes.user_verify_url.as_deref());
    let at = verification::of_link(&environment, config, own, wishes.state.as_deref());
    if wired.is_oauth() { at } else { Ok(None) }
}

/// A link that was made before, with the SHA-256 of its token.
type Made = (Authorization, [u8; 32]);

/// The account's links that may be given again: with more than a third of `life` left and no more than all of it, and
/// neither in use nor spent.
async fn fresh(
    ctx: &Ctx,
    tx: &mut Tx,
    account: &ConnectedAccount,
    (life, verify, lacking): (Duration, Option<&VerifyAt>, &[String]),
    now: Timestamp,
) -> Result<Vec<Made>> {
    let mut made = rows::with_time_left(ctx, tx, &account.id, now).await?;
    made.retain(|(one, _)| {
        let unused = match &one.stage {
            Stage::Linked => true,
            Stage::Started(started) => started.expires_at <= now,
            Stage::Exchanging(_) => false,
            Stage::Done { outcome, .. } => !spends(outcome),
        };
        let asks = one.asked.as_deref().unwrap_or_default();
        let for_a_call = matches!(one.stage, Stage::Linked) && !asks.is_empty();
        let enough = lacking.iter().all(|scope| asks.contains(scope)) && (for_a_call <= !lacking.is_empty());
        let alike = one.verify.as_ref() == verify && enough;
        alike && unused && one.link_expires_at > now + life / 3 && one.link_expires_at <= now + life
    });
    Ok(made)
}

/// The first of these whose token comes out again; one that was made under an older key doesn't.
async fn again(app: &App, ctx: &Ctx, made: &[Made]) -> Result<Option<(AuthorizationId, Link)>> {
    for (one, hash) in made {
        let token = app.core.keyring.link_mint(&ctx.environment, &one.id).await?;
        if valetkey_vault::sha256(token.bytes()) == *hash {
            let link = Link { url: address(app, &token), expires_at: one.link_expires_at };
            return Ok(Some((one.id.clone(), link)));
        }
    }
    Ok(None)
}

fn address(app: &App, token: &Secret<str>) -> String {
    app.core.settings.public(&format!("/connect/{}", token.expose()))
}
