//! What stands around every page of the dashboard: where one is, who one is, and what was just done.

use crate::pages::page::Again;
use serde::Serialize;
use url::Url;
use valetkey_app::Listed;
use valetkey_domain::Timestamp;
use valetkey_domain::member::{Right, Role};

/// A part of the dashboard, as the navigation names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Section {
    /// How it is going.
    Overview,
    /// Connectors set up for the app.
    Connections,
    /// Who has signed in where.
    Accounts,
    /// Templates of users' servers.
    Configs,
    /// Users' servers.
    Instances,
    /// A tool, called by hand.
    Playground,
    /// Why a call doesn't work.
    Why,
    /// Tool calls that ended.
    Calls,
    /// The journal.
    Logs,
    /// What happened to accounts.
    Events,
    /// Where that is sent.
    Webhooks,
    /// Apps that no connector file is about.
    Providers,
    /// API clients, members, the own password.
    Settings,
}

/// The frame of a page.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Frame {
    /// Where the environment's pages begin.
    pub(crate) root: String,
    /// The environment's name.
    pub(crate) environment: String,
    /// All environments: name, and where its pages begin.
    pub(crate) environments: Vec<(String, String)>,
    /// Who is signed in.
    pub(crate) member: String,
    /// As what.
    pub(crate) role: &'static str,
    /// What the role allows, so that nothing is offered that would be refused.
    pub(crate) may: May,
    /// Where one is.
    pub(crate) section: Section,
    /// The form token.
    pub(crate) token: String,
    /// What was just done, in words.
    pub(crate) done: Option<&'static str>,
    /// When and where the browser looks again by itself, if it does.
    pub(crate) again: Option<Again>,
}

/// The rights of a role, for templates.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct May {
    help: bool,
    develop: bool,
    manage: bool,
}

impl May {
    /// Those of this role.
    pub(crate) const fn of(role: Role) -> Self {
        Self {
            help: role.may(Right::HelpUsers),
            develop: role.may(Right::Develop),
            manage: role.may(Right::ManageMembers),
        }
    }
}

impl Frame {
    /// One for samples.
    pub(crate) fn sample(section: Section) -> Self {
        Self {
            root: "/dashboard/development".into(),
            environment: "development".into(),
            environments: [("development", "/dashboard/development"), ("production", "/dashboard/production")]
                .map(|(name, root)| (name.to_owned(), root.to_owned()))
                .into(),
            member: "ann@example.com".into(),
            role: Role::Owner.as_str(),
            may: May::of(Role::Owner),
            section,
            token: "0000".into(),
            done: None,
            again: None,
        }
    }
}

/// The ways from a page of a list to the ones beside it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Pager {
    total: String,
    previous: Option<String>,
    next: Option<String>,
}

impl Pager {
    /// Of a list that was asked for with these words beside the page token.
    pub(crate) fn of<T>(listed: &Listed<T>, asked: &[(&str, &str)]) -> Self {
        let link = |token: &String| {
            let mut query = form_urlencoded::Serializer::for_suffix("?".to_owned(), 1);
            for (name, value) in asked.iter().filter(|(_, value)| !value.is_empty()) {
                query.append_pair(name, value);
            }
            query.append_pair("page", token).finish()
        };
        // None is what is told of more than are counted, and where a search ended before the last row: nobody knows.
        let total = Some(listed.total).filter(|total| *total > 0).map(|total| total.to_string()).unwrap_or_default();
        Self { total, previous: listed.previous.as_ref().map(link), next: listed.next.as_ref().map(link) }
    }

    /// One behind whose page there are more rows, for samples.
    pub(crate) fn sample() -> Self {
        Self { next: Some("?q=j&page=0".into()), ..Self::default() }
    }

    /// Of a list that nobody counts.
    pub(crate) fn uncounted<T>(listed: &Listed<T>, asked: &[(&str, &str)]) -> Self {
        Self { total: String::new(), ..Self::of(listed, asked) }
    }
}

/// An instant as tables show it, and in full.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Moment {
    short: String,
    full: String,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        let zoned = at.to_zoned(jiff::tz::TimeZone::UTC);
        Self {
            short: zoned.strftime("%Y-%m-%d %H:%M").to_string(),
            full: zoned.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }
}

/// Where the pages of an environment begin.
pub(super) fn root(environment: &str) -> String {
    let mut url = Url::parse("http://any").ok();
    if let Some(mut path) = url.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        path.push("dashboard").push(environment);
    }
    url.map_or_else(|| "/".to_owned(), |url| url.path().to_owned())
}
