//! The first page: what is there, what needs a look, what to do next.

use super::call_charts::Calls;
use super::frame::{Frame, Moment, Section};
use super::pages::{Attention, Count, Overview, Step};
use super::visit::{Answer, Visit};
use super::watched;
use crate::pages::page::Again;
use std::time::Duration;
use valetkey_app::insight::audit;
use valetkey_app::{Page, accounts, connections, servers};
use valetkey_domain::account::Status;
use valetkey_domain::member::Right;
use valetkey_domain::{Ctx, Timestamp};

/// How many accounts that need a look are named.
const NAMED: u32 = 5;

/// After how many seconds the page is looked at again while calls are still being counted.
const AGAIN: u32 = 2;

/// For how long it is.
const COUNTED: Duration = Duration::from_secs(5 * 60);

/// How many records of the journal are shown.
const RECORDS: u32 = 8;

/// The page.
pub(crate) async fn show(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let counts = counts(&visit, &ctx).await.map_err(|error| visit.fail(&error))?;
    let records = audit::newest(&visit.web.app, &ctx, None, RECORDS).await.map_err(|error| visit.fail(&error))?;
    let names = super::logs::Names::read(&visit, &ctx).await.map_err(|error| visit.fail(&error))?;
    let attention = attention(&visit, &ctx).await.map_err(|error| visit.fail(&error))?;
    let calls = super::call_charts::of(&visit, &ctx).await.map_err(|error| visit.fail(&error))?;
    let (calls, counting) = match calls {
        Calls::None => (None, false),
        Calls::Counting => (None, true),
        Calls::Charts(charts) => (Some(*charts), false),
    };
    let again = again(visit.query("live"), visit.web.app.now()).filter(|_| counting);
    let frame = Frame { again, ..visit.frame(Section::Overview) };
    let steps = steps(&counts);
    Ok(visit.page(&Overview {
        frame,
        steps,
        counts,
        calls,
        counting,
        attention,
        records: records.iter().map(|line| names.record(line)).collect(),
    }))
}

/// When and where the page is looked at again while calls are being counted, until an end that the first look sets.
fn again(live: &str, now: Timestamp) -> Option<Again> {
    let until = if live.is_empty() { Some(now + COUNTED) } else { watched::until(live, now) };
    until.map(|until| Again { seconds: AGAIN, query: format!("?live={}", until.as_second()) })
}

async fn counts(visit: &Visit, ctx: &Ctx) -> valetkey_app::Result<Vec<Count>> {
    let app = &visit.web.app;
    let one = Page { size: 1, after: None };
    let connections = connections::list(app, ctx, &Default::default(), &one).await?.total;
    let configs = servers::configs::list(app, ctx, &Default::default(), &one).await?.total;
    let instances = servers::instances::list(app, ctx, &Default::default(), &one).await?.total;
    let accounts = accounts::list(app, ctx, &Default::default(), &one).await?.total;
    let count = |label, path, number| Count { label, path, number };
    Ok(vec![
        count("Connections", "connections", connections),
        count("MCP configs", "configs", configs),
        count("MCP instances", "instances", instances),
        count("Connected accounts", "accounts", accounts),
    ])
}

/// What has still to be done before an agent can call.
fn steps(counts: &[Count]) -> Vec<Step> {
    let has = |path: &str| counts.iter().any(|count| count.path == path && count.number > 0);
    let step = |title, text, path, action, done| Step { title, text, path, action, done };
    vec![
        step(
            "Connect an app",
            "Choose Gmail, Google Calendar or another app and give it your OAuth client.",
            "connections/create",
            "Create Connection",
            has("connections"),
        ),
        step(
            "Make an MCP config",
            "Name the connections and the tools that your users' MCP servers show.",
            "configs/create",
            "Create MCP config",
            has("configs"),
        ),
        step(
            "Try it as a test user",
            "Open the config, name a user, sign in as that user and give the URL to an agent.",
            "configs",
            "Open MCP configs",
            has("instances"),
        ),
    ]
}

/// Accounts that do not work, or soon will not: those that have to be signed in to again, those that the app has still to
/// confirm, and those whose access the provider did not renew; of each the oldest first.
async fn attention(visit: &Visit, ctx: &Ctx) -> valetkey_app::Result<Vec<Attention>> {
    let of = |status: &str| accounts::Filter { status: Some(status.to_owned()), ..Default::default() };
    let refused = accounts::Filter { refused: true, ..of(Status::Active.name()) };
    let mut all = Vec::new();
    for filter in [of("EXPIRED"), of(Status::PendingVerification.name()), refused] {
        let listed = accounts::list(&visit.web.app, ctx, &filter, &Page { size: NAMED, after: None }).await?;
        all.extend(listed.items.into_iter().map(|account| Attention {
            id: account.id.to_string(),
            identifier: account.owner.identifier.to_string(),
            status: account.status.name(),
            why: super::accounts::why(&account),
            at: Moment::from(account.updated_at),
        }));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_looked_at_again_until_an_end_that_no_look_moves() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let first = again("", now).unwrap();
        assert_eq!((first.seconds, first.query.as_str()), (2, "?live=1000300"));
        let later = |seconds: i64| again("1000300", Timestamp::from_second(1_000_000 + seconds).unwrap());
        assert_eq!(later(299).unwrap().query, first.query);
        assert!(later(300).is_none());
    }
}
