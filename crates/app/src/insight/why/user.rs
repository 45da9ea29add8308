//! What stands between a tool and an app: the connection, the user's account on it, its token, its scopes, the limits.

use super::super::{audit, logs};
use super::asked;
use super::step::{RemedyPlace, Step, Topic, moment};
use crate::accounts::{self, under_way};
use crate::connections::Wired;
use crate::consent::requested_scopes;
use crate::{App, Page, Result};
use serde_json::Value;
use valetkey_connectors::Tool;
use valetkey_domain::Ctx;
use valetkey_domain::account::{ConnectedAccount, Credential, Owner, Refusal, Status};
use valetkey_domain::connection::Connection;

/// How many records of an account are looked through for how its last renewal went.
const RECORDS: u32 = 20;

/// All of it for one user on one connection. What stands behind something that is missing is not looked at.
pub(super) async fn look(
    app: &App,
    ctx: &Ctx,
    connection: Connection,
    owner: &Owner,
    tool: Option<&Tool>,
) -> Result<Vec<Step>> {
    let wired = match Wired::of(app, connection.clone()) {
        Ok(wired) => wired,
        Err(error) => {
            let step = Step::stops(Topic::Connection, sentence(error.message()));
            return Ok(vec![step.mended(RemedyPlace::Connection(connection.id), "Start the server with that file.")]);
        }
    };
    let mut steps = vec![usable(app, ctx, &wired).await?];
    let account = accounts::find(app, ctx, &wired.connection.id, owner).await?;
    let id = account.as_ref().map(|account| account.id.clone());
    let link = RemedyPlace::Link(wired.connection.name.clone(), owner.clone(), id);
    steps.push(standing(&wired, owner, account.as_ref(), &link));
    let Some(account) = account.filter(|account| account.status == Status::Active) else { return Ok(steps) };
    steps.push(access(app, &wired, &account, &link));
    if let Some(tool) = tool {
        steps.push(scopes(app, ctx, &wired, &account, tool, link).await?);
    }
    steps.push(limits(app, ctx, &account));
    steps.extend(asked::waiting(app, ctx, &account).await?);
    steps.extend(last(app, ctx, &account).await?);
    steps.extend(last_call(app, ctx, &account, tool).await?);
    Ok(steps)
}

async fn usable(app: &App, ctx: &Ctx, wired: &Wired) -> Result<Step> {
    let Connection { id, name, enabled, .. } = &wired.connection;
    let at = || RemedyPlace::Connection(id.clone());
    if under_way(app, ctx, id).await?.is_some() {
        let step = Step::stops(Topic::Connection, format!("{name} is being deleted with all its accounts."));
        return Ok(step.mended(RemedyPlace::Elsewhere, "Make another connection, and put it into the MCP configs."));
    }
    if !enabled {
        return Ok(Step::stops(Topic::Connection, format!("{name} is disabled.")).mended(at(), "Enable it."));
    }
    if !wired.is_complete() {
        let step = Step::stops(
            Topic::Connection,
            format!("{name} lacks the credential that the vendor gave its developer, so that nobody can sign in."),
        );
        return Ok(step.mended(at(), "Give it the vendor's client ID and secret, or the service account's key."));
    }
    Ok(Step::fine(Topic::Connection, format!("{name} ({}) is enabled and set up.", wired.connector.display_name)))
}

/// The account and its status.
fn standing(wired: &Wired, owner: &Owner, account: Option<&ConnectedAccount>, link: &RemedyPlace) -> Step {
    let (user, app) = (&owner.identifier, &wired.connector.display_name);
    let stops = |words: String| Step::stops(Topic::Account, words);
    let send = "Send the user a link to sign in.";
    let Some(account) = account else {
        let words = format!("{user} has no account on {}: nobody was asked to sign in.", wired.connection.name);
        return stops(words).mended(link.clone(), send);
    };
    match &account.status {
        Status::Active => match wired.api_base(account) {
            Ok(_) => Step::fine(Topic::Account, format!("{user} is signed in to {app} (ACTIVE).")),
            Err(unfilled) => stops(format!("{user} is signed in, but a call has nowhere to go: {unfilled}."))
                .mended(RemedyPlace::Elsewhere, "Give the account what its address lacks (api_config of the account)."),
        },
        Status::Expired(reason) => stops(format!("The sign-in of {user} has ended: {} (EXPIRED).", reason.sentence()))
            .mended(link.clone(), "Send the user a link to sign in again."),
        Status::PendingAuth => {
            stops(format!("{user} has not signed in yet (PENDING_AUTH).")).mended(link.clone(), send)
        }
        Status::PendingVerification => stops(format!(
            "{user} signed in, and the app has not confirmed that it was this user (PENDING_VERIFICATION)."
        ))
        .mended(
            RemedyPlace::Elsewhere,
            "The app calls VerifyConnectedAccountUser with what its verification page was given.",
        ),
        Status::Disconnected => stops(format!("The account of {user} was disconnected (DISCONNECTED)."))
            .mended(link.clone(), "Send the user a link, which connects it again."),
    }
}

/// The access token that the account holds.
fn access(app: &App, wired: &Wired, account: &ConnectedAccount, link: &RemedyPlace) -> Step {
    let again = "Send the user a link to sign in again.";
    let Some(credential) = &account.credential else {
        return Step::stops(Topic::Access, "The account holds none.").mended(link.clone(), again);
    };
    if !wired.keeps(account, &credential.audience) {
        let words = "It was given for other addresses than the connection has now, and follows it nowhere.";
        return Step::stops(Topic::Access, words).mended(link.clone(), again);
    }
    let live = credential.expires_at.is_none_or(|end| end > app.now());
    let current = account.refusal.as_ref().filter(|refusal| refusal.revision == wired.connection.revision);
    if let Some(refusal) = current.filter(|refusal| refusal.until > app.now()) {
        return refused(credential, refusal, live).mended(
            link.clone(),
            "Send the user a link to sign in again. If that does not help: check the connection's client ID, client \
             secret and token URL.",
        );
    }
    match (credential.expires_at.map(moment), live, credential.refreshable) {
        (None, _, _) => Step::fine(Topic::Access, "It is there, and no end of it is known."),
        (Some(end), true, true) => Step::fine(Topic::Access, format!("It works until {end} and is renewed by itself.")),
        (Some(end), true, false) => Step::care(Topic::Access, format!("It works until {end}, and nothing renews it."))
            .mended(link.clone(), "The user signs in again then."),
        (Some(end), false, true) => {
            Step::fine(Topic::Access, format!("It ended at {end}; the next call renews it first."))
        }
        (Some(end), false, false) => {
            Step::stops(Topic::Access, format!("It ended at {end}, and the app gave no means to renew it."))
                .mended(link.clone(), again)
        }
    }
}

/// The provider does not renew it for now.
fn refused(credential: &Credential, refusal: &Refusal, live: bool) -> Step {
    let until = moment(refusal.until);
    let words = format!("The provider does not renew it: {}. It is asked again from {until} on.", refusal.words);
    match (live, credential.expires_at) {
        (true, Some(end)) => Step::care(Topic::Access, format!("{words} Until {} calls work.", moment(end))),
        (true, None) => Step::care(Topic::Access, words),
        (false, _) => Step::stops(Topic::Access, words),
    }
}

/// Whether the user's consent covers the tool; if not, what has to change before a link asks for it.
async fn scopes(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
    tool: &Tool,
    link: RemedyPlace,
) -> Result<Step> {
    let name = &tool.definition.name;
    let missing = tool.missing_scopes(&account.scopes);
    if missing.is_empty() {
        return Ok(Step::fine(Topic::Scopes, format!("The user's consent covers {name}.")));
    }
    let step =
        Step::stops(Topic::Scopes, format!("{name} needs a consent that was not given: {}.", missing.join(", ")));
    let asked = requested_scopes(app, ctx, wired, account, &[]).await?;
    if tool.missing_scopes(&asked).is_empty() {
        return Ok(step.mended(link, "Send the user a link: its consent asks for it."));
    }
    let Connection { id, name: connection, settings, .. } = &wired.connection;
    if settings.scopes.is_empty() {
        let words = format!("Put {name} on a whitelist of this user's MCP configs, then send the user a link.");
        return Ok(step.mended(RemedyPlace::Elsewhere, words));
    }
    let words =
        format!("{connection} asks for scopes of its own, without this one: add it, then send the user a link.");
    Ok(step.mended(RemedyPlace::Connection(id.clone()), words))
}

/// How many calls are in flight in the process that is asked.
fn limits(app: &App, ctx: &Ctx, account: &ConnectedAccount) -> Step {
    let all = app.in_flight(&ctx.environment, &account.id);
    let full = all.iter().find(|(_, used, most)| used >= most);
    match full {
        Some((limit, used, _)) => {
            let name = limit.name();
            Step::care(Topic::Limits, format!("{used} calls are in flight, which is the limit ({name}): others wait."))
                .mended(RemedyPlace::Elsewhere, "Wait for calls to end, or raise the limit in the server's settings.")
        }
        None => {
            let used = all.first().map_or(0, |(_, used, _)| *used);
            Step::fine(Topic::Limits, format!("{used} calls of this account are in flight here."))
        }
    }
}

/// How the last renewal went wrong, unless something went well since.
async fn last(app: &App, ctx: &Ctx, account: &ConnectedAccount) -> Result<Option<Step>> {
    let records = audit::newest(app, ctx, Some(account.id.as_str()), RECORDS).await?;
    let told = records.iter().find_map(|record| match record.action.as_str() {
        "account.refresh_failed" => Some(Some((record, "failed"))),
        "account.refresh_lost" => Some(Some((record, "was lost on the way"))),
        "account.refreshed" | "account.refreshed_late" | "account.connected" | "account.updated" => Some(None),
        _ => None,
    });
    let Some((record, what)) = told.flatten() else { return Ok(None) };
    let more = ["why", "reason"].iter().find_map(|name| record.detail.get(*name)).and_then(Value::as_str);
    let more = more.filter(|more| !more.is_empty()).map(|more| format!(": {more}")).unwrap_or_default();
    Ok(Some(Step::care(Topic::Last, sentence(&format!("at {} its renewal {what}{more}", moment(record.at))))))
}

/// How the last of the account's calls went wrong, if none went well since.
async fn last_call(app: &App, ctx: &Ctx, account: &ConnectedAccount, tool: Option<&Tool>) -> Result<Option<Step>> {
    let of_account = logs::Filter { account: Some(account.id.to_string()), ..logs::Filter::default() };
    let newest = logs::list(app, ctx, of_account, &Page { size: RECORDS, after: None }).await?;
    let meant = |call: &&logs::ToolCall| tool.is_none_or(|tool| logs::text(call, "tool") == tool.definition.name);
    let Some(call) = newest.items.iter().find(meant) else { return Ok(None) };
    let why = logs::message(logs::text(call, "outcome"));
    if why.is_empty() {
        return Ok(None);
    }
    let (name, at) = (logs::text(call, "tool"), moment(call.record.at));
    let words = format!("The last call of {name}, at {at}, failed: {why}. In the journal: {}.", call.record.subject);
    Ok(Some(Step::care(Topic::Last, words)))
}

/// An error's words as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
