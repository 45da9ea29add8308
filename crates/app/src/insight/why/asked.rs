//! What waits for a person: calls for their user's word, and remote servers' tools that changed for the developer's.

use super::step::{RemedyPlace, Step, Topic, moment};
use crate::servers::held;
use crate::{App, Result};
use valetkey_domain::Ctx;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::id::ConfigId;
use valetkey_storage::approvals;

/// Calls with this account that wait for their user's word.
pub(super) async fn waiting(app: &App, ctx: &Ctx, account: &ConnectedAccount) -> Result<Option<Step>> {
    let ends = approvals::ends(ctx, &mut app.core.store.glance().await?, &account.id, app.now()).await?;
    let Some(first) = ends.first() else { return Ok(None) };
    let (wait, first) = (if ends.len() == 1 { "call waits" } else { "calls wait" }, moment(*first));
    let words = format!("{} {wait} for the user's word; the first can get it until {first}.", ends.len());
    let step = Step::care(Topic::Approval, words);
    let mend = "The user opens the link that the agent was answered with, in the browser in which they signed in.";
    Ok(Some(step.mended(RemedyPlace::Elsewhere, mend)))
}

/// Tools of remote servers that a config holds back: this one, or how many.
pub(super) async fn held(app: &App, ctx: &Ctx, config: &ConfigId, tool: Option<&str>) -> Result<Option<Step>> {
    let mended = |step: Step| {
        let mend = "Look at what it was and would be (valetkey config held, with --tool), and accept it (valetkey config accept).";
        step.mended(RemedyPlace::Config(config.clone()), mend)
    };
    let Some(name) = tool else {
        let count = held::count(app, ctx, config).await?;
        let words = format!("{count} definitions of remote servers' tools wait to be accepted.");
        return Ok((count > 0).then(|| mended(Step::care(Topic::Tool, words))));
    };
    let found = held::last(app, ctx, config, name).await?;
    Ok(found.map(|one| {
        let at = moment(one.seen_at);
        mended(if one.changed {
            let words = "with another definition than was accepted: with that one it is held back";
            Step::care(Topic::Tool, format!("{name} was seen at {at} {words}."))
        } else {
            Step::stops(Topic::Tool, format!("{name} is new since {at}, and held back until it is accepted."))
        })
    }))
}
