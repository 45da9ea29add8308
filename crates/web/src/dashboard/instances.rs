//! Users' MCP servers: the URL with how each client is given it, and how far the user has signed in.

use super::frame::{Moment, Pager, Section};
use super::pages::{ConnectionLine, InstancePage, InstanceRow, Instances};
use super::snippets;
use super::visit::{Answer, Posted, Visit};
use axum::extract::Path;
use axum::response::Response;
use std::collections::HashMap;
use valetkey_app::servers::instances;
use valetkey_app::{Error, Listed};
use valetkey_domain::Ctx;
use valetkey_domain::id::InstanceId;
use valetkey_domain::instance::McpInstance;
use valetkey_domain::member::Right;

/// How many a page shows.
const SIZE: u32 = 50;

type Named = Path<HashMap<String, String>>;

/// All of them.
pub(crate) async fn list(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let (query, config) = (visit.query("q"), visit.query("config"));
    let wanted = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let filter = instances::Filter { search: wanted(query), config_name: wanted(config), ..Default::default() };
    let begin = beginning(&visit, &ctx, query, config).await?;
    let begins = begin.is_some();
    let listed = match begin {
        Some(listed) => listed,
        None => {
            let listed = instances::list(&visit.web.app, &ctx, &filter, &visit.list_page(SIZE)).await;
            listed.map_err(|error| visit.fail(&error))?
        }
    };
    let rows = listed.items.iter().map(row).collect();
    let pager = Pager::of(&listed, &[("q", query), ("config", config), ("inside", visit.query("inside"))]);
    let frame = visit.frame(Section::Instances);
    Ok(visit.page(&Instances { frame, query: query.to_owned(), config: config.to_owned(), rows, pager, begins }))
}

/// Those of users whose name begins with what is searched for, where there are so many instances that looking inside of names
/// takes long; none if nobody's does, or if that was asked for.
async fn beginning(
    visit: &Visit,
    ctx: &Ctx,
    query: &str,
    config: &str,
) -> Result<Option<Listed<McpInstance>>, Response> {
    let plain = config.is_empty() && visit.query("inside").is_empty() && visit.query("page").is_empty();
    if query.is_empty() || !plain {
        return Ok(None);
    }
    let found = instances::beginning(&visit.web.app, ctx, query, SIZE).await.map_err(|error| visit.fail(&error))?;
    let found = found.filter(|found| !found.is_empty());
    Ok(found.map(|items| Listed { items, next: None, previous: None, total: 0 }))
}

fn row(instance: &McpInstance) -> InstanceRow {
    InstanceRow {
        id: instance.id.to_string(),
        name: instance.name.to_string(),
        config: instance.config_name.to_string(),
        config_id: instance.config.to_string(),
        identifier: instance.identifier.to_string(),
        used: instance.last_used_at.map(Moment::from),
    }
}

/// One user's server. Its URL is a credential: who may not develop doesn't see it, and each look at it is in the journal.
pub(crate) async fn show(visit: Visit, Path(named): Named) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let instance = find(&visit, &ctx, &named).await?;
    page(&visit, &ctx, &instance, false).await.map_err(|error| visit.fail(&error))
}

async fn find(visit: &Visit, ctx: &Ctx, named: &HashMap<String, String>) -> Result<McpInstance, Response> {
    let id = named.get("id").map_or("", String::as_str);
    let id = InstanceId::parse(id).map_err(|error| visit.fail(&Error::invalid(error.to_string())))?;
    instances::get(&visit.web.app, ctx, &id).await.map_err(|error| visit.fail(&error))
}

async fn page(visit: &Visit, ctx: &Ctx, instance: &McpInstance, with_links: bool) -> Result<Response, Error> {
    let app = &visit.web.app;
    let url = match visit.who.member.role.may(Right::Develop) {
        true => Some(instances::url(app, ctx, instance).await?.expose().to_owned()),
        false => None,
    };
    let states = instances::auth_state(app, ctx, &instance.id, with_links).await?;
    let lines = states.into_iter().map(|state| ConnectionLine {
        connection: state.connection.name.to_string(),
        status: state.status.name(),
        account: state.account.as_ref().map(|account| account.id.to_string()),
        why: state.account.as_ref().map(super::accounts::why).unwrap_or_default(),
        link: state.link.map(|link| link.url),
    });
    Ok(visit.page(&InstancePage {
        frame: visit.frame(Section::Instances),
        row: row(instance),
        snippets: url.as_deref().map(|url| snippets::all(instance.config_name.as_str(), url)).unwrap_or_default(),
        url,
        connections: lines.collect(),
        tool: visit.query("tool").to_owned(),
        steps: super::why::of_instance(visit, ctx, &instance.id).await?,
    }))
}

/// Links for the user, another URL, deleting.
pub(crate) async fn change(Path(named): Named, Posted { visit, .. }: Posted) -> Answer {
    let change = named.get("change").map_or("", String::as_str);
    let right = if change == "links" { Right::HelpUsers } else { Right::Develop };
    let ctx = visit.enter(right)?;
    let instance = find(&visit, &ctx, &named).await?;
    match change {
        "links" => page(&visit, &ctx, &instance, true).await.map_err(|error| visit.fail(&error)),
        "rotate" => {
            instances::rotate_url(&visit.web.app, &ctx, &instance.id).await.map_err(|error| visit.fail(&error))?;
            Ok(visit.go(&format!("/instances/{}", instance.id), "url-rotated"))
        }
        "delete" => {
            instances::delete(&visit.web.app, &ctx, &instance.id).await.map_err(|error| visit.fail(&error))?;
            Ok(visit.go("/instances", "instance-deleted"))
        }
        _ => Err(visit.web.missing(&visit.asked)),
    }
}
