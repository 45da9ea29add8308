//! What stands before a tool: the URL or the app's own call, the config, the whitelist.

use super::serves::{Entry, FoundEntry, Serves, of_catalogue};
use super::step::{RemedyPlace, Step, Topic, moment};
use crate::connections::{Wired, imports};
use crate::entrance::doors;
use crate::entrance::sessions::{self, StaticUrl};
use crate::servers::toolset;
use crate::servers::{configs, instances};
use crate::{App, Page, Result, connections};
use url::Url;
use valetkey_domain::account::Owner;
use valetkey_domain::config::{Mapping, McpConfig};
use valetkey_domain::connection::Connection;
use valetkey_domain::id::InstanceId;
use valetkey_domain::instance::McpInstance;
use valetkey_domain::session::{Access, Opens, Session};
use valetkey_domain::{Ctx, Kind, Secret};
use valetkey_storage::configs as config_rows;

/// What every call needs of the server itself; nothing is said where it is there.
pub(super) fn server(app: &App) -> Option<Step> {
    let error = app.core.keyring.check_open().err()?;
    let step = Step::stops(Topic::Server, format!("No secret is opened here: {}.", error.message()));
    Some(step.mended(RemedyPlace::Elsewhere, "On the server's machine: valetkey doctor."))
}

/// A call that the app's own code makes: whitelists don't stand in its way, and are told of.
pub(super) async fn by_api(
    app: &App,
    ctx: &Ctx,
    connection: Connection,
    owner: Owner,
    tool: Option<&str>,
    steps: &mut Vec<Step>,
) -> FoundEntry {
    let Some(name) = tool else { return Ok(Some(Entry { connections: vec![connection], owner, tool: None })) };
    let wired = Wired::of(app, connection.clone()).ok().filter(Wired::has_imported);
    let imported = match wired {
        Some(wired) => imports::tools(app, ctx, &wired).await?.find(name).cloned().map(|tool| (wired.connector, tool)),
        None => None,
    };
    let found = match imported {
        Some(found) => Some(found),
        None => of_catalogue(app, name, steps).await,
    };
    let Some((connector, tool)) = found else { return Ok(None) };
    if connector.slug != connection.connector {
        let words = format!(
            "{name} is a tool of {}, and {} is a connection of {}.",
            connector.slug, connection.name, connection.connector
        );
        let mend = format!("Ask about a connection of {}.", connector.slug);
        steps.push(Step::stops(Topic::Tool, words).mended(RemedyPlace::Elsewhere, mend));
        return Ok(None);
    }
    let mut tx = app.core.store.read().await?;
    let lists = config_rows::whitelists(ctx, &mut tx, &connection.id, &owner.identifier).await?;
    drop(tx);
    let listed = lists.iter().any(|list| list.is_empty() || list.iter().any(|one| one == name));
    steps.push(if listed {
        Step::fine(Topic::Tool, format!("{name} is there, and on a whitelist."))
    } else {
        let words =
            format!("{name} is there, but no MCP config lists it for this user: only the app's own code can call it.");
        Step::care(Topic::Tool, words).mended(RemedyPlace::Elsewhere, "Put it on the whitelist of an MCP config.")
    });
    Ok(Some(Entry { connections: vec![connection], owner, tool: Some(tool) }))
}

/// A call at an instance, by whatever URL.
pub(super) async fn by_instance(
    app: &App,
    ctx: &Ctx,
    id: &InstanceId,
    tool: Option<&str>,
    steps: &mut Vec<Step>,
) -> FoundEntry {
    let instance = instances::get(app, ctx, id).await?;
    let config = configs::get(app, ctx, &instance.config).await?;
    let words = format!("{}, version {} of {}.", config.name, config.version, moment(config.updated_at));
    steps.push(Step::fine(Topic::Config, format!("{words} The URL follows the newest version.")));
    let set = toolset::of_config(app, ctx, &config.id, config.version, Access::Full).await?;
    let config = Some((&config.id, config.name.as_str()));
    let served = Serves { config, set: &set, access: Access::Full, graces_at: Some(app.core.now()) };
    served.entry(app, ctx, Owner::of(instance.identifier), tool, steps).await
}

/// A call at a URL.
pub(super) async fn by_url(
    app: &App,
    ctx: &Ctx,
    url: &Secret<str>,
    session: Option<&Secret<str>>,
    tool: Option<&str>,
    steps: &mut Vec<Step>,
) -> FoundEntry {
    let text = url.expose().trim();
    if let Some(step) = elsewhere(app, text) {
        steps.push(step);
    }
    match (token_of(text), site_of(text)) {
        (Some(token), _) => {
            let Some(instance) = instance(app, ctx, token, steps).await? else { return Ok(None) };
            by_instance(app, ctx, &instance.id, tool, steps).await
        }
        (None, Some(site)) => by_session(app, ctx, &site, session, tool, steps).await,
        (None, None) => {
            let words = "This is no MCP URL: one ends in /mcp/v1/vkm_…, /mcp/v3/servers/… or /mcp/v3/connections/….";
            steps.push(
                Step::stops(Topic::Url, words)
                    .mended(RemedyPlace::Elsewhere, "Take it whole, as the API or a page showed it."),
            );
            Ok(None)
        }
    }
}

/// Whether the URL leads to another server than this one's public address.
fn elsewhere(app: &App, text: &str) -> Option<Step> {
    let (url, own) = (Url::parse(text).ok()?, &app.core.settings.public_url);
    if url.origin() == own.origin() {
        return None;
    }
    let words = format!("It leads to another address than this server's public_url, which is {own}");
    Some(
        Step::care(Topic::Url, format!("{words}."))
            .mended(RemedyPlace::Elsewhere, "Look whether that address leads here."),
    )
}

/// The token of an instance's URL, out of the URL or alone.
fn token_of(text: &str) -> Option<&str> {
    let from = text.find("vkm_").and_then(|at| text.get(at..))?;
    let end = from.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(from.len());
    from.get(..end)
}

/// What a static URL names.
fn site_of(text: &str) -> Option<StaticUrl> {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let last = |prefix| path.split_once(prefix).map(|(_, rest)| rest.trim_end_matches('/').replace("%20", " "));
    let named = |rest: &String| !rest.is_empty() && !rest.contains('/');
    let config = last("/mcp/v3/servers/").filter(named).map(StaticUrl::Config);
    config.or_else(|| last("/mcp/v3/connections/").filter(named).map(StaticUrl::Connection))
}

/// The instance that a URL opens; else why it opens none.
async fn instance(app: &App, ctx: &Ctx, token: &str, steps: &mut Vec<Step>) -> Result<Option<McpInstance>> {
    let claim = app.core.keyring.url_check(token).await?;
    // Another environment's is told like one that was made up.
    let Some((_, claim)) = claim.filter(|(environment, _)| *environment == ctx.environment) else {
        let words = "It opens nothing in this environment: it was cut short or mistyped, made elsewhere, or its URL key \
                     was withdrawn.";
        let mend = "Compare it with the instance's URL, which the API, the dashboard and the command line show.";
        steps.push(Step::stops(Topic::Url, words).mended(RemedyPlace::Elsewhere, mend));
        return Ok(None);
    };
    let step = match instances::get(app, ctx, &claim.instance).await {
        Err(error) if error.kind() == Kind::NotFound => Step::stops(
            Topic::Url,
            format!("Its MCP instance ({}) was deleted.", claim.instance),
        )
        .mended(RemedyPlace::Elsewhere, "Make the user another one (EnsureMcpInstance), which has a URL of its own."),
        Err(error) => return Err(error),
        Ok(instance) if claim.opens(&instance) => {
            let words = format!("It opens the MCP instance of {} ({}).", instance.identifier, instance.id);
            steps.push(Step::fine(Topic::Url, words));
            return Ok(Some(instance));
        }
        Ok(instance) => {
            let what = if claim.generation == instance.url_generation {
                "was put on another config since this URL, of an earlier version, was made"
            } else {
                "was given another URL since"
            };
            Step::stops(Topic::Url, format!("Its MCP instance ({}) {what}.", instance.id))
                .mended(RemedyPlace::Instance(instance.id), "Give the agent the URL that the instance has now.")
        }
    };
    steps.push(step);
    Ok(None)
}

/// A call at a static URL, which takes a session token.
async fn by_session(
    app: &App,
    ctx: &Ctx,
    site: &StaticUrl,
    bearer: Option<&Secret<str>>,
    tool: Option<&str>,
    steps: &mut Vec<Step>,
) -> FoundEntry {
    let fresh = "Ask for a session token (CreateMcpSessionToken) and send it as Authorization: Bearer.";
    let Some(bearer) = bearer else {
        let words = "This URL is the same for all users: who comes without a session token is refused.";
        steps.push(Step::care(Topic::Url, words).mended(RemedyPlace::Elsewhere, fresh));
        return unclaimed(app, ctx, site, steps).await;
    };
    let session = match sessions::read(app, site, bearer.expose().trim()).await {
        Ok(session) if session.environment == ctx.environment => session,
        Ok(_) => {
            steps.push(
                Step::stops(Topic::Url, "The session token is of no environment but another.")
                    .mended(RemedyPlace::Elsewhere, fresh),
            );
            return Ok(None);
        }
        Err(error) if error.kind() == Kind::Unauthenticated => {
            let cause = std::error::Error::source(&error).map(|cause| format!(" ({cause})")).unwrap_or_default();
            let words = format!("The session token does not open this URL{cause}.");
            steps.push(Step::stops(Topic::Url, words).mended(RemedyPlace::Elsewhere, fresh));
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let Some(connection) = doors::session_stands(app, &session).await? else {
        steps.push(ended(app, ctx, &session).await?.mended(RemedyPlace::Elsewhere, fresh));
        return Ok(None);
    };
    let words = format!("The session token opens it for {} until {}.", session.identifier, moment(session.expires_at));
    steps.push(Step::fine(Topic::Url, words));
    opened(app, ctx, session, connection, tool, steps).await
}

/// Which of the things that a session token names is gone.
async fn ended(app: &App, ctx: &Ctx, session: &Session) -> Result<Step> {
    let gone = match &session.opens {
        Opens::Config(config, _) => configs::get(app, ctx, config).await.err().map(|_| "its MCP config was deleted"),
        Opens::Connection(id) => match connections::get(app, ctx, id).await {
            Ok(connection) if connection.enabled => None,
            Ok(_) => Some("its connection is disabled"),
            Err(_) => Some("its connection was deleted"),
        },
    };
    let why = gone.unwrap_or(
        "one of its accounts was disconnected or replaced, the user's sessions were ended, the API client that asked for \
         it was deleted, or the URL key was withdrawn",
    );
    Ok(Step::stops(Topic::Url, format!("The session token has ended: {why}.")))
}

async fn opened(
    app: &App,
    ctx: &Ctx,
    session: Session,
    connection: Option<Mapping>,
    tool: Option<&str>,
    steps: &mut Vec<Step>,
) -> FoundEntry {
    let owner = Owner::of(session.identifier.clone());
    match (&session.opens, connection) {
        (Opens::Config(id, version), _) => {
            let config = configs::get(app, ctx, id).await?;
            let words =
                format!("{}, version {version}; a session token keeps to the one it was made under.", config.name);
            steps.push(if config.version == *version {
                Step::fine(Topic::Config, words)
            } else {
                let mend = format!("Ask for another session token to have version {}.", config.version);
                Step::care(Topic::Config, words).mended(RemedyPlace::Config(config.id.clone()), mend)
            });
            let set = toolset::of_config(app, ctx, id, *version, session.access).await?;
            let config = Some((id, config.name.as_str()));
            let served = Serves { config, set: &set, access: session.access, graces_at: None };
            served.entry(app, ctx, owner, tool, steps).await
        }
        (Opens::Connection(id), _) => {
            let connection = connections::get(app, ctx, id).await?;
            by_api(app, ctx, connection, owner, tool, steps).await
        }
    }
}

/// What of a static URL can be said without knowing for whom it is.
async fn unclaimed(app: &App, ctx: &Ctx, site: &StaticUrl, steps: &mut Vec<Step>) -> FoundEntry {
    let missing = match site {
        StaticUrl::Config(uuid) => {
            let uuid = uuid::Uuid::parse_str(uuid).ok();
            let filter = configs::Filter { uuid, ..configs::Filter::default() };
            let page = Page { size: 1, after: None };
            let found: Option<McpConfig> = match uuid {
                Some(_) => configs::list(app, ctx, &filter, &page).await?.items.pop(),
                None => None,
            };
            found.is_none().then_some("No MCP config of this environment has this URL.")
        }
        StaticUrl::Connection(name) => match connections::by_name(app, ctx, name).await {
            Ok(_) => None,
            Err(error) if error.kind() == Kind::NotFound => Some("No connection of this environment has this URL."),
            Err(error) => return Err(error),
        },
    };
    steps.extend(missing.map(|words| Step::stops(Topic::Config, words)));
    Ok(None)
}
