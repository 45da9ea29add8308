//! Users' MCP servers.

use super::framed::framed;
use super::why::StepRow;
use crate::dashboard::frame::{Frame, Moment, Pager, Section};
use crate::dashboard::snippets::Snippet;
use serde::Serialize;
use valetkey_domain::Timestamp;

/// All of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Instances {
    /// The frame.
    pub(crate) frame: Frame,
    /// What was searched for.
    pub(crate) query: String,
    /// The config they are narrowed to.
    pub(crate) config: String,
    /// The instances.
    pub(crate) rows: Vec<InstanceRow>,
    /// The other pages.
    pub(crate) pager: Pager,
    /// Whether these are those whose user's name begins so, and others may have it inside.
    pub(crate) begins: bool,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct InstanceRow {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its config's name.
    pub(crate) config: String,
    /// Its config's id.
    pub(crate) config_id: String,
    /// Its user.
    pub(crate) identifier: String,
    /// When it was last used.
    pub(crate) used: Option<Moment>,
}

impl InstanceRow {
    fn sample() -> Self {
        Self {
            id: "inst_1".into(),
            name: "reminder-manager-john-doe".into(),
            config: "reminder-manager".into(),
            config_id: "cfg_1".into(),
            identifier: "john-doe".into(),
            used: Some(Moment::from(Timestamp::UNIX_EPOCH)),
        }
    }
}

framed!(Instances, "dashboard/instances.html", {
    let frame = Frame::sample(Section::Instances);
    let none = Self {
        frame,
        query: String::new(),
        config: String::new(),
        rows: vec![],
        pager: Pager::default(),
        begins: false,
    };
    let some = Self { rows: vec![InstanceRow::sample()], config: "reminder-manager".into(), ..none.clone() };
    let further = Self { query: "j".into(), pager: Pager::sample(), ..none.clone() };
    vec![("instances-empty", none), ("instances", some), ("instances-further", further)]
});

/// How far the user has signed in on one connection.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ConnectionLine {
    /// The connection's name.
    pub(crate) connection: String,
    /// The account's status.
    pub(crate) status: &'static str,
    /// The account's id, if there is one.
    pub(crate) account: Option<String>,
    /// Why it isn't active.
    pub(crate) why: String,
    /// A link to sign in with.
    pub(crate) link: Option<String>,
}

/// One user's server.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct InstancePage {
    /// The frame.
    pub(crate) frame: Frame,
    /// The instance.
    pub(crate) row: InstanceRow,
    /// Its URL, for those who may see it.
    pub(crate) url: Option<String>,
    /// How each client is given it.
    pub(crate) snippets: Vec<Snippet>,
    /// Its connections.
    pub(crate) connections: Vec<ConnectionLine>,
    /// The tool that is asked about; empty for any.
    pub(crate) tool: String,
    /// What a call stands on.
    pub(crate) steps: Vec<StepRow>,
}

framed!(InstancePage, "dashboard/instance.html", {
    let line = |connection: &str, status, why: &str, link: Option<&str>| ConnectionLine {
        connection: connection.into(),
        status,
        account: (status == "ACTIVE").then(|| "ca_1".into()),
        why: why.into(),
        link: link.map(Into::into),
    };
    let url = "http://localhost:8080/mcp/v1/vkm_0000";
    let snippet = |client| Snippet { client, into: "a shell", text: format!("connect '{url}' <b>") };
    let signed_in = Self {
        frame: Frame::sample(Section::Instances),
        row: InstanceRow::sample(),
        url: Some(url.into()),
        snippets: ["Python", "Node"].map(snippet).into(),
        connections: vec![line("MY_GMAIL", "ACTIVE", "", None)],
        tool: String::new(),
        steps: StepRow::samples(),
    };
    let pending = line("MY_GMAIL", "PENDING_AUTH", "The user has not signed in yet: send a link.", None);
    let link = Some("http://localhost:8080/connect/link");
    let with_link = line("MY_CALENDAR", "EXPIRED", "The app withdrew it.", link);
    let waiting = Self { url: None, snippets: vec![], connections: vec![pending, with_link], ..signed_in.clone() };
    vec![("instance", signed_in), ("instance-pending", waiting)]
});
