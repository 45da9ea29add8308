//! Connections and the catalogue.

use super::framed::framed;
use crate::dashboard::frame::{Frame, Moment, Pager, Section};
use crate::dashboard::guide::{self, Block};
use serde::Serialize;
use valetkey_domain::Timestamp;

/// All connections.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Connections {
    /// The frame.
    pub(crate) frame: Frame,
    /// What was searched for.
    pub(crate) query: String,
    /// The connections.
    pub(crate) rows: Vec<ConnectionRow>,
    /// The other pages.
    pub(crate) pager: Pager,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ConnectionRow {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its connector, as people call it.
    pub(crate) connector: String,
    /// Whether it can be used.
    pub(crate) state: &'static str,
    /// When it was last changed.
    pub(crate) updated: Moment,
}

impl ConnectionRow {
    fn sample(name: &str, state: &'static str) -> Self {
        let (name, connector) = (name.to_owned(), "Gmail".to_owned());
        Self { id: "conn_1".into(), name, connector, state, updated: Moment::from(Timestamp::UNIX_EPOCH) }
    }
}

framed!(Connections, "dashboard/connections.html", {
    let frame = Frame::sample(Section::Connections);
    let none = Self { frame, query: String::new(), rows: vec![], pager: Pager::default() };
    let sample = ConnectionRow::sample;
    let rows = vec![sample("MY_GMAIL", "ready"), sample("A_NAME_THAT_GOES_ON_AND_ON_AND_ON_AND_ON", "incomplete")];
    let some = Self { query: "mail".into(), rows, ..none.clone() };
    let further = Self { query: "fax".into(), pager: Pager::sample(), ..none.clone() };
    vec![("connections-empty", none), ("connections", some), ("connections-further", further)]
});

/// Which app to connect.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Catalog {
    /// The frame.
    pub(crate) frame: Frame,
    /// What was searched for.
    pub(crate) query: String,
    /// The apps, under what they have in common.
    pub(crate) groups: Vec<(&'static str, Vec<ConnectorCard>)>,
    /// The kind that is shown; empty for all.
    pub(crate) kind: String,
    /// The category that is shown; empty for all.
    pub(crate) category: String,
    /// All categories.
    pub(crate) categories: Vec<&'static str>,
}

/// One app.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ConnectorCard {
    /// Its slug.
    pub(crate) slug: String,
    /// Its name for people.
    pub(crate) name: String,
    /// `tools` where its tools are ours, `remote` where they are a server's, `custom` for a custom provider.
    pub(crate) kind: &'static str,
    /// What it is about.
    pub(crate) category: &'static str,
    /// How many tools it has, and where they are from.
    pub(crate) about: String,
}

framed!(Catalog, "dashboard/catalog.html", {
    let card = |slug: &str, name: &str, about: &str| ConnectorCard {
        slug: slug.into(),
        name: name.into(),
        kind: "tools",
        category: "Mail, chat and meetings",
        about: about.into(),
    };
    let all = Self {
        frame: Frame::sample(Section::Connections),
        query: String::new(),
        kind: String::new(),
        category: String::new(),
        categories: vec!["Mail, chat and meetings", "Others"],
        groups: vec![
            ("With tools", vec![card("gmail", "Gmail", "56 tools, checked against the vendor")]),
            ("Custom providers", vec![card("acme:1", "<b>Acme</b>", "a custom provider of yours")]),
        ],
    };
    let none = Self { query: "fax".into(), category: "\"><b>".into(), groups: vec![], ..all.clone() };
    vec![("catalog", all), ("catalog-none", none)]
});

/// A new connection.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ConnectionForm {
    /// The frame.
    pub(crate) frame: Frame,
    /// The app.
    pub(crate) connector: String,
    /// Its slug.
    pub(crate) slug: String,
    /// The name as typed.
    pub(crate) name: String,
    /// What the connector wants of the developer.
    pub(crate) asks: Asks,
    /// The OAuth client id as typed.
    pub(crate) client_id: String,
    /// The scopes to choose from.
    pub(crate) scopes: Vec<ScopeChoice>,
    /// Whether the chosen ones are asked for, not what the MCP configs' tools need.
    pub(crate) own_scopes: bool,
    /// How the app is registered with its vendor.
    pub(crate) guide: Vec<Block>,
    /// The field that it is about; empty for none.
    pub(crate) at: &'static str,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

/// What a connection wants of the developer. Where each user brings a key of their own, nothing.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Asks {
    /// An OAuth client.
    pub(crate) client: bool,
    /// Whether a client is registered by itself where none is given.
    pub(crate) by_itself: bool,
    /// A service account's key.
    pub(crate) key: bool,
    /// Whether the vendor sends people back, so that it has to know the redirect URI.
    pub(crate) redirects: bool,
    /// Whether somebody can be asked before a user signs in.
    pub(crate) tried: bool,
}

impl Asks {
    const NOTHING: Self = Self { client: false, by_itself: false, key: false, redirects: false, tried: false };
    const OAUTH: Self = Self { client: true, redirects: true, tried: true, ..Self::NOTHING };
    const BY_ITSELF: Self = Self { by_itself: true, ..Self::OAUTH };
    const KEY: Self = Self { key: true, tried: true, ..Self::NOTHING };
}

/// A scope to choose.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ScopeChoice {
    /// The scope.
    pub(crate) scope: String,
    /// What it allows.
    pub(crate) words: String,
    /// Whether it is chosen.
    pub(crate) chosen: bool,
}

fn scopes() -> Vec<ScopeChoice> {
    let choice = |scope: &str, words: &str, chosen| ScopeChoice { scope: scope.into(), words: words.into(), chosen };
    vec![
        choice(
            "https://www.googleapis.com/auth/gmail.readonly",
            "Read all your mail, and see your Gmail settings",
            true,
        ),
        choice("https://www.googleapis.com/auth/gmail.send", "Send mail in your name", false),
        choice("a-scope-of-ones-own", "", true),
    ]
}

framed!(ConnectionForm, "dashboard/connection_form.html", {
    let first = Self {
        frame: Frame::sample(Section::Connections),
        connector: "Gmail".into(),
        slug: "gmail".into(),
        name: String::new(),
        asks: Asks::OAUTH,
        client_id: String::new(),
        scopes: scopes(),
        own_scopes: false,
        guide: guide::sample(),
        at: "",
        wrong: None,
    };
    let wrong = Self {
        at: "name",
        name: "MY_GMAIL".into(),
        client_id: "\"><script>alert(1)</script>".into(),
        wrong: Some("There is a connection 'MY_GMAIL' already.".into()),
        ..first.clone()
    };
    let delegated = Self { asks: Asks::KEY, ..first.clone() };
    let typed = Self { asks: Asks::NOTHING, scopes: vec![], guide: vec![], ..first.clone() };
    let by_itself = Self { asks: Asks::BY_ITSELF, scopes: vec![], guide: vec![], ..first.clone() };
    vec![
        ("connection-form-by-itself", by_itself),
        ("connection-form", first),
        ("connection-form-wrong", wrong),
        ("connection-form-key", delegated),
        ("connection-form-typed", typed),
    ]
});

/// One connection.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ConnectionPage {
    /// The frame.
    pub(crate) frame: Frame,
    /// The connection.
    pub(crate) row: ConnectionRow,
    /// Its connector's slug.
    pub(crate) slug: String,
    /// What it wants of the developer.
    pub(crate) asks: Asks,
    /// What is registered with the vendor.
    pub(crate) redirect_uri: String,
    /// The OAuth client id.
    pub(crate) client_id: String,
    /// Which state of it the form is made from.
    pub(crate) seen: i64,
    /// Whether there is a secret.
    pub(crate) has_secret: bool,
    /// Whether it is enabled.
    pub(crate) enabled: bool,
    /// How far its removal is: accounts done, and how many are left.
    pub(crate) closing: Option<(u64, String)>,
    /// The scopes.
    pub(crate) scopes: Vec<ScopeChoice>,
    /// Whether the chosen ones are asked for, not what the MCP configs' tools need.
    pub(crate) own_scopes: bool,
    /// How the app is registered with its vendor.
    pub(crate) guide: Vec<Block>,
    /// Addresses that are not the vendor's own, with what they are for.
    pub(crate) own_addresses: Vec<(&'static str, String)>,
    /// What came of asking the provider whether it knows the client: whether it does, and what it says.
    pub(crate) tried: Option<(bool, String)>,
    /// The field that is wrong; empty for none.
    pub(crate) at: &'static str,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

framed!(ConnectionPage, "dashboard/connection.html", {
    let ready = Self {
        frame: Frame::sample(Section::Connections),
        row: ConnectionRow::sample("MY_GMAIL", "ready"),
        slug: "gmail".into(),
        asks: Asks::OAUTH,
        redirect_uri: "http://localhost:8080/sso/v1/oauth/conn_1/callback".into(),
        client_id: "1234.apps.googleusercontent.com".into(),
        seen: 1,
        has_secret: true,
        enabled: true,
        closing: None,
        scopes: scopes(),
        own_scopes: false,
        guide: guide::sample(),
        own_addresses: vec![],
        tried: None,
        at: "",
        wrong: None,
    };
    let incomplete = Self {
        row: ConnectionRow::sample("MY_GMAIL", "incomplete"),
        client_id: String::new(),
        has_secret: false,
        wrong: Some("The client id is too long.".into()),
        ..ready.clone()
    };
    let closing = Self {
        row: ConnectionRow::sample("MY_GMAIL", "being deleted"),
        enabled: false,
        closing: Some((3, "22".into())),
        own_scopes: true,
        own_addresses: vec![("Token URL", "http://127.0.0.1:8090/token".into())],
        ..ready.clone()
    };
    let delegated = Self { asks: Asks::KEY, has_secret: false, row: incomplete.row.clone(), ..ready.clone() };
    let no_key = Self { at: "client_secret", wrong: Some("This is no key.".into()), ..delegated.clone() };
    let with_key =
        Self { asks: Asks::KEY, client_id: "robot@practice.iam.gserviceaccount.com".into(), ..ready.clone() };
    let typed = Self { asks: Asks::NOTHING, client_id: String::new(), scopes: vec![], ..ready.clone() };
    let by_itself = Self {
        asks: Asks::BY_ITSELF,
        client_id: String::new(),
        has_secret: false,
        scopes: vec![],
        guide: vec![],
        ..ready.clone()
    };
    let tried = |known, words: &str| Self { tried: Some((known, words.into())), ..ready.clone() };
    let known = tried(true, "The provider knows this client and its secret.");
    let unknown = tried(false, "The provider does not know this client: <b>invalid_client</b>.");
    vec![
        ("connection-tried", known),
        ("connection-tried-unknown", unknown),
        ("connection-by-itself", by_itself),
        ("connection", ready),
        ("connection-incomplete", incomplete),
        ("connection-closing", closing),
        ("connection-key", delegated),
        ("connection-key-set", with_key),
        ("connection-key-wrong", no_key),
        ("connection-typed", typed),
    ]
});
