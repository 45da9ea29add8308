//! MCP configs: which connections and tools a user's server shows, and trying one as a user.

use super::forms::is_the_forms;
use super::frame::{Moment, Pager, Section};
use super::pages::{ConfigForm, ConfigPage, ConfigRow, Configs, Pick, Preview};
use super::picks::{self, Picked};
use super::visit::{Answer, Fields, Posted, Visit};
use axum::extract::Path;
use axum::response::Response;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use valetkey_app::connections;
use valetkey_app::servers::{configs, instances, toolset};
use valetkey_app::{Error, Page};
use valetkey_domain::approval::Approvals;
use valetkey_domain::config::{self, Mapping, McpConfig, Options};
use valetkey_domain::connection::Connection;
use valetkey_domain::grace::Grace;
use valetkey_domain::id::ConfigId;
use valetkey_domain::member::Right;
use valetkey_domain::name::ConfigName;
use valetkey_domain::{Ctx, Kind};

/// How many configs a page shows, and how many connections the form offers beside those that are chosen: what is not
/// among them is searched for.
const SIZE: u32 = 50;
const OFFERED: u32 = 50;

type Named = Path<HashMap<String, String>>;

/// All configs.
pub(crate) async fn list(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let query = visit.query("q");
    let filter =
        configs::Filter { search: Some(query.to_owned()).filter(|query| !query.is_empty()), ..Default::default() };
    let listed = configs::list(&visit.web.app, &ctx, &filter, &visit.list_page(SIZE)).await;
    let listed = listed.map_err(|error| visit.fail(&error))?;
    let rows = listed.items.iter().map(row).collect();
    let pager = Pager::of(&listed, &[("q", query)]);
    Ok(visit.page(&Configs { frame: visit.frame(Section::Configs), query: query.to_owned(), rows, pager }))
}

fn row(config: &McpConfig) -> ConfigRow {
    let names: Vec<_> = config.mappings.iter().map(|mapping| mapping.connection_name.to_string()).collect();
    ConfigRow {
        id: config.id.to_string(),
        name: config.name.to_string(),
        description: config.description.clone(),
        connections: names.join(", "),
        version: config.version,
        updated: Moment::from(config.updated_at),
    }
}

/// The form of a new config.
pub(crate) async fn form(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let form = filled(&visit, &ctx, &Chosen::default(), None).await;
    form.map(|form| visit.page(&form)).map_err(|error| visit.fail(&error))
}

/// What of a form is chosen: by its fields, or by the config that it changes.
#[derive(Default)]
struct Chosen {
    name: String,
    description: String,
    /// Connections by name, each with its tools; none named means all.
    mappings: HashMap<String, BTreeSet<String>>,
    /// Which tools are called only with the user's word.
    approvals: Approvals,
    /// Whether users sign in for their agents.
    sign_in: bool,
    /// Whether what remote servers ask their user is passed on.
    questions: bool,
    /// What connections are searched for.
    find: String,
    /// For how many minutes what is taken out may still be called; nothing is not at all.
    grace: String,
}

impl Chosen {
    fn sent(form: &Fields) -> Self {
        let connections = form.all("connection").map(ToOwned::to_owned);
        let tools = |name: &str| match form.text(&format!("which:{name}")) {
            "some" => {
                let typed = form.text(&format!("more:{name}")).split([',', ' ']).filter(|tool| !tool.is_empty());
                form.all(&format!("tool:{name}")).chain(typed).map(ToOwned::to_owned).collect()
            }
            _ => BTreeSet::new(),
        };
        Self {
            name: form.text("name").to_owned(),
            description: form.text("description").to_owned(),
            mappings: connections.map(|name| (name.clone(), tools(&name))).collect(),
            approvals: asks(form),
            sign_in: form.has("sign-in"),
            questions: form.has("questions"),
            find: form.text("find").to_owned(),
            grace: form.text("grace").to_owned(),
        }
    }

    fn of(config: &McpConfig) -> Self {
        let mapping = |of: &Mapping| (of.connection_name.to_string(), of.tools.iter().cloned().collect());
        Self {
            name: config.name.to_string(),
            description: config.description.clone(),
            mappings: config.mappings.iter().map(mapping).collect(),
            approvals: config.options.approvals.clone(),
            sign_in: config.options.sign_in,
            questions: config.options.questions,
            find: String::new(),
            grace: String::new(),
        }
    }

    /// What is said beside the connections, in place of what was.
    fn options(&self, before: Options) -> Options {
        let approvals = self.approvals.clone();
        Options { approvals, sign_in: self.sign_in, questions: self.questions, ..before }
    }

    /// A whitelist without a tool would mean all of them, which is not what somebody meant who chose "some".
    fn checked(form: &Fields) -> Result<Vec<configs::NewMapping>, String> {
        let chosen = Self::sent(form);
        let mut all = Vec::with_capacity(chosen.mappings.len());
        for name in form.all("connection") {
            let tools: Vec<String> = chosen.mappings.get(name).into_iter().flatten().cloned().collect();
            if tools.is_empty() && form.text(&format!("which:{name}")) == "some" {
                return Err(format!("No tool of {name} is chosen: choose some, or all."));
            }
            all.push(configs::NewMapping { connection: name.to_owned(), tools });
        }
        Ok(all)
    }
}

/// Which tools a form says are called only with the user's word: of chosen connections, and by name.
fn asks(form: &Fields) -> Approvals {
    let asked = |name: &str| form.all(&format!("ask:{name}")).map(ToOwned::to_owned).collect::<Vec<_>>();
    let typed = form.text("asks").split([',', ' ']).filter(|name| !name.is_empty()).map(ToOwned::to_owned);
    let tools: BTreeSet<String> = form.all("connection").flat_map(asked).chain(typed).collect();
    Approvals { destructive: form.has("asks-destructive"), tools: tools.into_iter().collect() }
}

async fn filled(visit: &Visit, ctx: &Ctx, chosen: &Chosen, of: Option<&McpConfig>) -> Result<ConfigForm, Error> {
    let (offered, more) = offered(visit, ctx, chosen).await?;
    let mut picks: Vec<Pick> = Vec::with_capacity(offered.len());
    for connection in offered {
        let name = connection.name.to_string();
        let picked = Picked { mapping: chosen.mappings.get(&name), asked: &chosen.approvals.tools };
        picks.extend(picks::pick(visit, ctx, connection, &picked).await);
    }
    let ticked: BTreeSet<&str> =
        picks.iter().flat_map(|pick| &pick.tools).filter(|tool| tool.asked).map(|tool| &*tool.exposed.name).collect();
    let asks = chosen.approvals.tools.iter().filter(|tool| !ticked.contains(tool.as_str()));
    let asks = asks.cloned().collect::<Vec<_>>().join(", ");
    Ok(ConfigForm {
        frame: visit.frame(Section::Configs),
        id: of.map(|config| config.id.to_string()),
        seen: of.map_or(0, |config| config.version),
        name: chosen.name.clone(),
        description: chosen.description.clone(),
        longest: config::MAX_DESCRIPTION,
        find: chosen.find.clone(),
        searchable: more || !chosen.find.is_empty(),
        asks_destructive: chosen.approvals.destructive,
        asks,
        grace: chosen.grace.clone(),
        sign_in: chosen.sign_in,
        questions: chosen.questions,
        picks,
        at: "",
        wrong: None,
    })
}

/// The connections that are chosen, then those that a search finds; and whether there are more.
async fn offered(visit: &Visit, ctx: &Ctx, chosen: &Chosen) -> Result<(Vec<Connection>, bool), Error> {
    let app = &visit.web.app;
    let mut names: Vec<&String> = chosen.mappings.keys().take(configs::MAX_MAPPINGS).collect();
    names.sort();
    let mut all: Vec<Connection> = Vec::new();
    for name in names {
        match connections::by_name(app, ctx, name).await {
            Ok(connection) => all.push(connection),
            // What was sent may name anything; saving tells it.
            Err(error) if error.kind() == Kind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let query = Some(chosen.find.clone()).filter(|find| !find.is_empty());
    let filter = connections::Filter { query, connector: None };
    let listed = connections::list(app, ctx, &filter, &Page { size: OFFERED, after: None }).await?;
    let others = listed.items.into_iter().filter(|one| all.iter().all(|chosen| chosen.id != one.id));
    let others: Vec<_> = others.collect();
    all.extend(others);
    Ok((all, listed.next.is_some()))
}

/// Makes it.
pub(crate) async fn create(Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let chosen = Chosen::sent(&form);
    if form.has("search") {
        return searched(&visit, &ctx, &chosen, None).await;
    }
    let mappings = match Chosen::checked(&form) {
        Ok(mappings) => mappings,
        Err(wrong) => return again(&visit, &ctx, &chosen, None, ("connections", wrong)).await,
    };
    let options = chosen.options(Options::default());
    let new = configs::New { name: chosen.name.clone(), description: chosen.description.clone(), mappings, options };
    match configs::create(&visit.web.app, &ctx, new).await {
        Ok(config) => Ok(visit.go(&format!("/configs/{}", config.id), "config-created")),
        Err(error) => refused(&visit, &ctx, &chosen, None, error).await,
    }
}

async fn refused(visit: &Visit, ctx: &Ctx, chosen: &Chosen, of: Option<&McpConfig>, error: Error) -> Answer {
    if !is_the_forms(&error) {
        return Err(visit.fail(&error));
    }
    // A config that is there keeps its name, so that no error is about it.
    let name = error.kind() == Kind::AlreadyExists || ConfigName::parse(&chosen.name).is_err();
    let at = match () {
        () if name && of.is_none() => "name",
        () if config::check_description(&chosen.description).is_err() => "description",
        () => "",
    };
    again(visit, ctx, chosen, of, (at, super::sentence::sentence(error.message()))).await
}

/// The form with other connections to choose from.
async fn searched(visit: &Visit, ctx: &Ctx, chosen: &Chosen, of: Option<&McpConfig>) -> Answer {
    let form = filled(visit, ctx, chosen, of).await.map_err(|error| visit.fail(&error))?;
    Ok(visit.page(&form))
}

/// The form once more, with everything that was chosen.
async fn again(
    visit: &Visit,
    ctx: &Ctx,
    chosen: &Chosen,
    of: Option<&McpConfig>,
    (at, wrong): (&'static str, String),
) -> Answer {
    let form = filled(visit, ctx, chosen, of).await.map_err(|error| visit.fail(&error))?;
    Ok(visit.page(&ConfigForm { at, wrong: Some(wrong), ..form }))
}

async fn find(visit: &Visit, ctx: &Ctx, named: &HashMap<String, String>) -> Result<McpConfig, Response> {
    let id = named.get("id").map_or("", String::as_str);
    let found = match ConfigId::parse(id) {
        Ok(id) => configs::get(&visit.web.app, ctx, &id).await,
        Err(_) => configs::by_name(&visit.web.app, ctx, id).await,
    };
    found.map_err(|error| visit.fail(&error))
}

/// One config.
pub(crate) async fn show(visit: Visit, Path(named): Named) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let config = find(&visit, &ctx, &named).await?;
    page(&visit, &ctx, &config, String::new(), None).await.map_err(|error| visit.fail(&error))
}

async fn page(
    visit: &Visit,
    ctx: &Ctx,
    config: &McpConfig,
    user: String,
    wrong: Option<String>,
) -> Result<Response, Error> {
    let app = &visit.web.app;
    let mut tools = Vec::new();
    for mapping in &config.mappings {
        let connection = connections::get(app, ctx, &mapping.connection).await?;
        tools.push(picks::shown(visit, ctx, connection, mapping).await);
    }
    let preview = preview(visit, ctx, config).await?;
    let filter = instances::Filter { config_name: Some(config.name.to_string()), ..Default::default() };
    let users = instances::list(app, ctx, &filter, &Page { size: 1, after: None }).await?.total;
    let graces = configs::graces(app, ctx, config).await?;
    let graced =
        |(grace, of): &(Grace, Mapping)| (of.connection_name.to_string(), grace.words(), Moment::from(grace.until));
    let all = || tools.iter().flat_map(|shown| &shown.tools);
    Ok(visit.page(&ConfigPage {
        frame: visit.frame(Section::Configs),
        row: row(config),
        server_url: configs::server_url(app, config),
        weight: all().map(|tool| tool.tokens).sum::<usize>() + picks::weight_beside(&config.options),
        count: all().count(),
        unknown: all().filter(|tool| tool.tokens == 0).count(),
        asks: Some(&config.options.approvals).filter(|asks| !asks.is_empty()).map(Approvals::words),
        sign_in: config.options.sign_in,
        questions: config.options.questions,
        tools,
        preview,
        graces: graces.iter().map(graced).collect(),
        users,
        user,
        wrong,
    }))
}

/// The tool that the address names, or the whole list if it asks for that, as a client gets it.
async fn preview(visit: &Visit, ctx: &Ctx, config: &McpConfig) -> Result<Option<Preview>, Error> {
    let (name, whole) = (visit.query("tool"), visit.query("list") == "yes");
    if name.is_empty() && !whole {
        return Ok(None);
    }
    let mut all = Vec::new();
    for mapping in &config.mappings {
        let connection = connections::get(&visit.web.app, ctx, &mapping.connection).await?;
        all.extend(picks::as_listed(visit, ctx, connection, mapping).await);
    }
    if whole {
        all.extend(toolset::beside(&config.options));
        return Ok(Some(picks::preview(None, &json!({"tools": all}))));
    }
    let found = all.iter().find(|tool| tool.get("name").is_some_and(|of| of == name));
    Ok(found.map(|tool| picks::preview(Some(name.to_owned()), tool)))
}

/// The form of a config that is there.
pub(crate) async fn edit(visit: Visit, Path(named): Named) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let config = find(&visit, &ctx, &named).await?;
    let form = filled(&visit, &ctx, &Chosen::of(&config), Some(&config)).await;
    form.map(|form| visit.page(&form)).map_err(|error| visit.fail(&error))
}

/// Saves it.
pub(crate) async fn save(Path(named): Named, Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let config = find(&visit, &ctx, &named).await?;
    let chosen = Chosen { name: config.name.to_string(), ..Chosen::sent(&form) };
    if form.has("search") {
        return searched(&visit, &ctx, &chosen, Some(&config)).await;
    }
    if form.text("seen") != config.version.to_string() {
        let wrong = "This config was changed elsewhere since the form was shown, and nothing was saved: look at what you \
            chose below, and save it again if it is what you want.";
        return again(&visit, &ctx, &chosen, Some(&config), ("", wrong.to_owned())).await;
    }
    let mappings = match Chosen::checked(&form) {
        Ok(mappings) => mappings,
        Err(wrong) => return again(&visit, &ctx, &chosen, Some(&config), ("connections", wrong)).await,
    };
    let edit = configs::Edit {
        description: Some(chosen.description.clone()),
        mappings: Some(mappings),
        grace: form.minutes("grace"),
        options: Some(chosen.options(config.options.clone())),
    };
    match configs::edit(&visit.web.app, &ctx, config.clone(), edit).await {
        Ok(_) => Ok(visit.go(&format!("/configs/{}", config.id), "config-saved")),
        Err(error) => refused(&visit, &ctx, &chosen, Some(&config), error).await,
    }
}

/// Deletes it.
pub(crate) async fn delete(Path(named): Named, Posted { visit, .. }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let config = find(&visit, &ctx, &named).await?;
    configs::delete(&visit.web.app, &ctx, &config.id).await.map_err(|error| visit.fail(&error))?;
    Ok(visit.go("/configs", "config-deleted"))
}

/// Makes a user's server, or finds it.
pub(crate) async fn try_as_user(Path(named): Named, Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let config = find(&visit, &ctx, &named).await?;
    let user = form.text("user").to_owned();
    let wanted = instances::Ensure { config: config.name.to_string(), identifier: user.clone(), name: None };
    match instances::ensure(&visit.web.app, &ctx, wanted).await {
        Ok(instance) => Ok(visit.go(&format!("/instances/{}", instance.id), "instance-ready")),
        Err(error) if error.kind() == Kind::InvalidArgument => {
            let wrong = Some(super::sentence::sentence(error.message()));
            page(&visit, &ctx, &config, user, wrong).await.map_err(|error| visit.fail(&error))
        }
        Err(error) => Err(visit.fail(&error)),
    }
}
