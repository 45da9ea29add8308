//! The versions of an MCP config: what changed with each, and the way back.

use super::frame::{Moment, Section};
use super::pages::{ChangedRow, VersionPage, VersionRow, Versions};
use super::visit::{Answer, Posted, Visit};
use axum::extract::Path;
use axum::response::Response;
use std::collections::HashMap;
use valetkey_app::Error;
use valetkey_app::servers::{configs, versions};
use valetkey_domain::config::{McpConfig, Options};
use valetkey_domain::id::ConfigId;
use valetkey_domain::member::Right;
use valetkey_domain::{Ctx, Kind};

/// How many versions a page shows.
const SIZE: u32 = 50;

type Named = Path<HashMap<String, String>>;

/// All of them, newest first.
pub(crate) async fn list(visit: Visit, Path(named): Named) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let config = find(&visit, &ctx, &named).await?;
    let before = visit.query("before").parse().ok();
    let found = versions::list(&visit.web.app, &ctx, &config.id, before, SIZE).await;
    let found = found.map_err(|error| visit.fail(&error))?;
    let older = found.last().filter(|last| found.len() == SIZE as usize && last.version > 1).map(|last| last.version);
    let row = |kept: &versions::Kept| VersionRow {
        version: kept.version,
        description: kept.description.clone(),
        connections: kept.connections,
        at: Moment::from(kept.created_at),
        current: kept.version == config.version,
    };
    Ok(visit.page(&Versions {
        frame: visit.frame(Section::Configs),
        id: config.id.to_string(),
        name: config.name.to_string(),
        rows: found.iter().map(row).collect(),
        older,
    }))
}

async fn find(visit: &Visit, ctx: &Ctx, named: &HashMap<String, String>) -> Result<McpConfig, Response> {
    let id = named.get("id").map_or("", String::as_str);
    let found = match ConfigId::parse(id) {
        Ok(id) => configs::get(&visit.web.app, ctx, &id).await,
        Err(_) => configs::by_name(&visit.web.app, ctx, id).await,
    };
    found.map_err(|error| visit.fail(&error))
}

/// What changed with one, or between it and another.
pub(crate) async fn show(visit: Visit, Path(named): Named) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let config = find(&visit, &ctx, &named).await?;
    let number = named.get("version").and_then(|text| text.parse().ok()).unwrap_or_default();
    let before = visit.query("from").parse().unwrap_or_else(|_| before(number));
    shown(&visit, &ctx, &config, (before, number))
        .await
        .map(|page| visit.page(&page))
        .map_err(|error| visit.fail(&error))
}

/// The version before one.
const fn before(number: i64) -> i64 {
    number.saturating_sub(1)
}

async fn shown(
    visit: &Visit,
    ctx: &Ctx,
    config: &McpConfig,
    (before, number): (i64, i64),
) -> Result<VersionPage, Error> {
    let app = &visit.web.app;
    let after = versions::get(app, ctx, &config.id, number).await?;
    // Before the first there was nothing.
    let first = number == 1 && before == 0;
    let before = if first { None } else { Some(versions::get(app, ctx, &config.id, before).await?) };
    let difference = before.as_ref().map(|before| versions::difference(before, &after));
    let changed = difference.as_ref().map(|difference| difference.connections.as_slice()).unwrap_or_default();
    let row = |one: &versions::Changed| ChangedRow {
        connection: one.connection.clone(),
        how: one.how.words(),
        added: one.added.clone(),
        removed: one.removed.clone(),
    };
    Ok(VersionPage {
        frame: visit.frame(Section::Configs),
        id: config.id.to_string(),
        name: config.name.to_string(),
        version: number,
        before: before.as_ref().map(|before| before.kept.version),
        current: config.version,
        at: Moment::from(after.kept.created_at),
        description: difference.as_ref().and_then(|difference| difference.description.clone()),
        said: difference.as_ref().and_then(|difference| difference.options.as_ref()).map(said).unwrap_or_default(),
        changed: changed.iter().map(row).collect(),
        tools: after.mappings.iter().map(|one| (one.connection_name.to_string(), one.tools.clone())).collect(),
        gone: after.kept.connections.saturating_sub(after.mappings.len()),
        grace: String::new(),
        wrong: None,
    })
}

/// What else a config says that changed, each with its words before and after.
fn said((before, after): &(Options, Options)) -> Vec<(&'static str, String, String)> {
    let bytes = |most: Option<u32>| most.map_or_else(|| "all of it".to_owned(), |most| format!("{most} bytes"));
    let each = |options: &Options| {
        let each = options.tool_answer_bytes.iter().map(|(tool, most)| format!("{tool}: {most} bytes"));
        Some(each.collect::<Vec<_>>().join(", ")).filter(|words| !words.is_empty()).unwrap_or_else(|| "nothing".into())
    };
    let held = |options: &Options| if options.hold_changes { "held back" } else { "shown at once" }.to_owned();
    let agents =
        |options: &Options| if options.sign_in { "once their user has signed in" } else { "by the URL" }.to_owned();
    let asked = |options: &Options| if options.questions { "passed on" } else { "not passed on" }.to_owned();
    let all = [
        ("Called only with the user’s word", before.approvals.words(), after.approvals.words()),
        ("What an answer gives at once", bytes(before.answer_bytes), bytes(after.answer_bytes)),
        ("The same of single tools", each(before), each(after)),
        ("Remote servers’ tools that changed", held(before), held(after)),
        ("What remote servers ask the user", asked(before), asked(after)),
        ("Agents get in", agents(before), agents(after)),
    ];
    all.into_iter().filter(|(_, before, after)| before != after).collect()
}

/// Makes the config what it was, unless somebody else has changed it since the page was shown.
pub(crate) async fn roll_back(Path(named): Named, Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let config = find(&visit, &ctx, &named).await?;
    let missing = || visit.fail(&Error::new(Kind::InvalidArgument, "no version is named: take one from the list"));
    let version = form.text("version").parse().map_err(|_| missing())?;
    if form.text("seen") != config.version.to_string() {
        let wrong = "This config was changed elsewhere since the page was shown, and nothing was rolled back: look at what \
            is below, and roll back again if it is what you want.";
        let wrong = Some(wrong.to_owned());
        let page =
            shown(&visit, &ctx, &config, (before(version), version)).await.map_err(|error| visit.fail(&error))?;
        return Ok(visit.page(&VersionPage { grace: form.text("grace").to_owned(), wrong, ..page }));
    }
    let id = config.id.clone();
    let rolled = versions::roll_back_from(&visit.web.app, &ctx, config, version, form.minutes("grace")).await;
    rolled.map_err(|error| visit.fail(&error))?;
    Ok(visit.go(&format!("/configs/{id}"), "config-rolled-back"))
}
