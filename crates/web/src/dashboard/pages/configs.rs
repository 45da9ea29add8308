//! MCP configs.

use super::framed::framed;
use crate::dashboard::frame::{Frame, Moment, Pager, Section};
use serde::Serialize;
use valetkey_domain::Timestamp;

/// All configs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Configs {
    /// The frame.
    pub(crate) frame: Frame,
    /// What was searched for.
    pub(crate) query: String,
    /// The configs.
    pub(crate) rows: Vec<ConfigRow>,
    /// The other pages.
    pub(crate) pager: Pager,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ConfigRow {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) description: String,
    /// Its connections' names.
    pub(crate) connections: String,
    /// Its version.
    pub(crate) version: i64,
    /// When it was last changed.
    pub(crate) updated: Moment,
}

impl ConfigRow {
    fn sample() -> Self {
        Self {
            id: "cfg_1".into(),
            name: "reminder-manager".into(),
            description: "Summarizes latest email and creates a reminder event".into(),
            connections: "MY_GMAIL, MY_CALENDAR".into(),
            version: 3,
            updated: Moment::from(Timestamp::UNIX_EPOCH),
        }
    }
}

framed!(Configs, "dashboard/configs.html", {
    let frame = Frame::sample(Section::Configs);
    let none = Self { frame, query: String::new(), rows: vec![], pager: Pager::default() };
    let some = Self { rows: vec![ConfigRow::sample()], ..none.clone() };
    let lost = Self { query: "fax".into(), ..none.clone() };
    let further = Self { pager: Pager::sample(), ..lost.clone() };
    vec![("configs-empty", none), ("configs", some), ("configs-not-found", lost), ("configs-further", further)]
});

/// A tool as a model sees it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Exposed {
    /// Its name.
    pub(crate) name: String,
    /// Its title.
    pub(crate) title: String,
    /// What it does.
    pub(crate) description: String,
    /// `read`, `write` or `destructive`; `remote` where only its server knows.
    pub(crate) effect: &'static str,
    /// About how many tokens a model reads of it; 0 if nobody knows.
    pub(crate) tokens: usize,
    /// How far it can be trusted to be what the app has.
    pub(crate) status: &'static str,
}

impl Exposed {
    /// A tool that a config names and of which nothing else is known, for its connector is not loaded.
    pub(crate) fn unknown(name: &str) -> Self {
        let description = "Its connector is not loaded, or its tools can’t be read.".to_owned();
        Self { name: name.into(), title: name.into(), description, effect: "write", tokens: 0, status: "not known" }
    }

    /// A tool that a config names and that its connector has no more.
    pub(crate) fn gone(name: &str) -> Self {
        let description =
            "Its connector has it no more. Take it out, for with it nothing else can be saved.".to_owned();
        Self { description, status: "gone", ..Self::unknown(name) }
    }

    /// A tool of a remote server that is known by name: the rest the server says to each user.
    pub(crate) fn remote(name: &str) -> Self {
        let description = "Its server says what it does, to each user who has signed in.".to_owned();
        Self {
            name: name.into(),
            title: name.into(),
            description,
            effect: "remote",
            tokens: 0,
            status: "of its server",
        }
    }

    /// One for samples.
    pub(super) fn sample(name: &str, effect: &'static str) -> Self {
        let (title, description) = ("Fetch mails".into(), "Lists messages, newest first.".into());
        Self { name: name.into(), title, description, effect, tokens: 420, status: "checked against the vendor" }
    }
}

/// A connection to choose with its tools.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Pick {
    /// Its name.
    pub(crate) name: String,
    /// Its connector, as people call it.
    pub(crate) connector: String,
    /// Whether it is chosen.
    pub(crate) chosen: bool,
    /// Whether all its tools are.
    pub(crate) all: bool,
    /// What the names of its tools begin with, if they are a remote server's: others than those here can be named.
    pub(crate) remote: Option<String>,
    /// Its tools.
    pub(crate) tools: Vec<ToolPick>,
}

/// A tool to choose.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ToolPick {
    /// The tool.
    pub(crate) exposed: Exposed,
    /// Whether it is chosen.
    pub(crate) chosen: bool,
    /// Whether it is called only with the user's word.
    pub(crate) asked: bool,
}

/// A config to make or change.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a box of the form, ticked or not")]
pub(crate) struct ConfigForm {
    /// The frame.
    pub(crate) frame: Frame,
    /// The config to change; none for a new one.
    pub(crate) id: Option<String>,
    /// Which version of it the form was made from; 0 for a new one.
    pub(crate) seen: i64,
    /// The name as typed.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) description: String,
    /// The most characters of that.
    pub(crate) longest: usize,
    /// What connections are searched for.
    pub(crate) find: String,
    /// Whether there are more connections than are shown, or were before a search.
    pub(crate) searchable: bool,
    /// Whether every tool that may destroy is called only with the user's word.
    pub(crate) asks_destructive: bool,
    /// Tools that are, of those that no list here has.
    pub(crate) asks: String,
    /// For how many minutes what is taken out may still be called, as chosen.
    pub(crate) grace: String,
    /// Whether users sign in for their agents.
    pub(crate) sign_in: bool,
    /// Whether what remote servers ask their user is passed on.
    pub(crate) questions: bool,
    /// The connections to choose from.
    pub(crate) picks: Vec<Pick>,
    /// The field that it is about; empty for none.
    pub(crate) at: &'static str,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

framed!(ConfigForm, "dashboard/config_form.html", {
    let tool = |name, effect, chosen| ToolPick { exposed: Exposed::sample(name, effect), chosen, asked: chosen };
    let pick = |name: &str, chosen, all| Pick {
        name: name.into(),
        connector: "Gmail".into(),
        chosen,
        all,
        remote: None,
        tools: vec![tool("gmail_fetch_mails", "read", !all), tool("gmail_send_message", "write", false)],
    };
    let none = Self {
        frame: Frame::sample(Section::Configs),
        id: None,
        seen: 0,
        name: String::new(),
        description: String::new(),
        longest: 4_000,
        find: String::new(),
        searchable: false,
        asks_destructive: false,
        asks: String::new(),
        grace: String::new(),
        sign_in: false,
        questions: false,
        picks: vec![],
        at: "",
        wrong: None,
    };
    let remote = Pick {
        name: "FLOWS".into(),
        connector: "Activepieces MCP".into(),
        chosen: true,
        all: false,
        remote: Some("activepiecesmcp".into()),
        tools: vec![ToolPick { exposed: Exposed::remote("activepiecesmcp_\"><b>"), chosen: true, asked: false }],
    };
    let new = Self { picks: vec![pick("MY_GMAIL", false, true), pick("gmail", false, true), remote], ..none.clone() };
    let wrong = Self {
        id: Some("cfg_1".into()),
        name: "reminder-manager".into(),
        find: "\"><b>".into(),
        searchable: true,
        asks_destructive: true,
        asks: "c-remote_\"><b>".into(),
        grace: "60".into(),
        sign_in: true,
        questions: true,
        picks: vec![pick("MY_GMAIL", true, false)],
        at: "connections",
        wrong: Some("No tool of MY_GMAIL is chosen: choose some, or all.".into()),
        ..none.clone()
    };
    let named = Self { name: "A Name".into(), at: "name", wrong: Some("It has a blank.".into()), ..new.clone() };
    vec![
        ("config-form-name", named),
        ("config-form-no-connection", none),
        ("config-form", new),
        ("config-form-wrong", wrong),
    ]
});

/// One config.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ConfigPage {
    /// The frame.
    pub(crate) frame: Frame,
    /// The config.
    pub(crate) row: ConfigRow,
    /// Its static URL.
    pub(crate) server_url: String,
    /// About how many tokens a model reads of its list.
    pub(crate) weight: usize,
    /// How many tools it shows.
    pub(crate) count: usize,
    /// How many of these nobody has weighed.
    pub(crate) unknown: usize,
    /// They, by connection.
    pub(crate) tools: Vec<ShownTools>,
    /// One of them, or the whole list, as a client gets it.
    pub(crate) preview: Option<Preview>,
    /// What was taken out and can still be called: connection, tools, and until when.
    pub(crate) graces: Vec<(String, String, Moment)>,
    /// Which tools are called only with the user's word, in words; none if no tool is.
    pub(crate) asks: Option<String>,
    /// Whether users sign in for their agents.
    pub(crate) sign_in: bool,
    /// Whether what remote servers ask their user is passed on.
    pub(crate) questions: bool,
    /// How many users have a server of it.
    pub(crate) users: u64,
    /// The user as typed.
    pub(crate) user: String,
    /// What was wrong with it.
    pub(crate) wrong: Option<String>,
}

/// What a client gets.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Preview {
    /// The tool; none for the whole list.
    pub(crate) tool: Option<String>,
    /// Its definition, or all of them, as JSON.
    pub(crate) text: String,
    /// Whether that is only its beginning.
    pub(crate) cut: bool,
}

/// The tools that a config shows of a connection.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ShownTools {
    /// The connection's name.
    pub(crate) connection: String,
    /// Whether they are all that a remote server lists to each user.
    pub(crate) as_listed: bool,
    /// They, as far as they are known.
    pub(crate) tools: Vec<Exposed>,
}

framed!(ConfigPage, "dashboard/config.html", {
    let tools = vec![Exposed::sample("gmail_fetch_mails", "read"), Exposed::sample("gmail_trash", "destructive")];
    let page = Self {
        frame: Frame::sample(Section::Configs),
        row: ConfigRow::sample(),
        server_url: "http://localhost:8080/mcp/v3/servers/0".into(),
        weight: 840,
        count: 2,
        unknown: 0,
        tools: vec![
            ShownTools { connection: "MY_GMAIL".into(), as_listed: false, tools },
            ShownTools { connection: "NOTION".into(), as_listed: true, tools: vec![] },
            ShownTools {
                connection: "FLOWS".into(),
                as_listed: false,
                tools: vec![Exposed::remote("activepiecesmcp_ap_test_flow"), Exposed::unknown("gone_find")],
            },
        ],
        preview: Some(Preview {
            tool: Some("gmail_fetch_mails".into()),
            text: "{\n  \"name\": \"<b>gmail_fetch_mails</b>\"\n}".into(),
            cut: false,
        }),
        graces: vec![("MY_CALENDAR".into(), "all tools".into(), Moment::from(Timestamp::UNIX_EPOCH))],
        asks: Some("every destructive tool, gmail_send_message".into()),
        sign_in: true,
        questions: true,
        users: 12,
        user: String::new(),
        wrong: None,
    };
    let wrong = Self {
        user: " ".into(),
        wrong: Some("An identifier has 1 to 100 characters.".into()),
        tools: vec![],
        preview: None,
        graces: vec![],
        asks: None,
        sign_in: false,
        questions: false,
        count: 0,
        unknown: 0,
        users: 0,
        ..page.clone()
    };
    let list = Preview { tool: None, text: "{\n  \"tools\": [".into(), cut: true };
    let listed = Self { preview: Some(list), ..page.clone() };
    vec![("config", page), ("config-wrong", wrong), ("config-listed", listed)]
});
