//! The journal, newest first, with who did it.

use super::frame::{Moment, Pager, Section};
use super::pages::{Logs, Record};
use super::visit::{Answer, Visit};
use std::collections::HashMap;
use valetkey_app::Error;
use valetkey_app::insight::audit::{self, JournalRecord};
use valetkey_app::tenancy::{clients, members};
use valetkey_domain::Ctx;
use valetkey_domain::member::Right;

/// How many records a page shows.
const SIZE: u32 = 50;

/// The page; `subject` narrows it to one account, config, call. What the installation has of its own (its members, its keys,
/// its backups) is in a journal of its own.
pub(crate) async fn list(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let installation = visit.query("of") == "installation";
    let of = if installation { visit.enter_installation(Right::See)? } else { ctx.clone() };
    let subject = visit.query("subject");
    let narrowed = Some(subject).filter(|subject| !subject.is_empty());
    let listed = audit::list(&visit.web.app, &of, narrowed, &visit.list_page(SIZE)).await;
    let listed = listed.map_err(|error| visit.fail(&error))?;
    let names = Names::read(&visit, &ctx).await.map_err(|error| visit.fail(&error))?;
    let asked = [("subject", subject), ("of", if installation { "installation" } else { "" })];
    let pager = Pager::uncounted(&listed, &asked);
    let records = listed.items.iter().map(|line| names.record(line)).collect();
    let frame = visit.frame(Section::Logs);
    Ok(visit.page(&Logs { frame, subject: subject.to_owned(), installation, records, pager }))
}

/// What members and API clients are called, by how the journal names them.
pub(super) struct Names(HashMap<String, String>);

impl Names {
    /// Those of now.
    pub(super) async fn read(visit: &Visit, ctx: &Ctx) -> Result<Self, Error> {
        let members = members::list(&visit.web.app).await?;
        let members = members.into_iter().map(|one| (format!("member:{}", one.id), one.name.to_string()));
        let clients = clients::list(&visit.web.app, ctx).await?;
        let clients = clients.into_iter().map(|one| (format!("client:{}", one.id), one.name));
        Ok(Self(members.chain(clients).collect()))
    }

    /// A record as tables show it.
    pub(super) fn record(&self, line: &JournalRecord) -> Record {
        // Digests say nothing to a reader; `valetkey logs list` has them.
        let detail = line.detail.iter().filter(|(name, _)| name.as_str() != "row" && !name.ends_with("_hmac"));
        let words = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        Record {
            at: Moment::from(line.at),
            actor: line.actor.clone(),
            who: self.0.get(&line.actor).cloned().unwrap_or_else(|| kind(&line.actor).to_owned()),
            instance: line.actor.strip_prefix("instance:").map(ToOwned::to_owned),
            action: line.action.clone(),
            phase: line.phase.clone(),
            subject: line.subject.clone(),
            detail: detail.map(|(name, value)| (name.clone(), words(value))).collect(),
        }
    }
}

/// Which kind of caller the journal names.
fn kind(actor: &str) -> &str {
    match actor.split_once(':').map_or(actor, |(kind, _)| kind) {
        "instance" => "MCP instance",
        "link" => "whoever had the link",
        "member" => "a member who is gone",
        "client" => "an API client that is gone",
        "session" => "session token",
        "system" => "this server",
        other => other,
    }
}
