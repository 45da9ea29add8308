//! Custom providers.

use super::framed::framed;
use crate::dashboard::frame::{Frame, Moment, Pager, Section};
use serde::Serialize;
use valetkey_domain::Timestamp;
use valetkey_domain::tool::Effect;

/// All custom ones.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Providers {
    /// The frame.
    pub(crate) frame: Frame,
    /// The providers.
    pub(crate) rows: Vec<ProviderRow>,
    /// The other pages.
    pub(crate) pager: Pager,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ProviderRow {
    /// What the API knows it by.
    pub(crate) identifier: String,
    /// What its connections know it by.
    pub(crate) slug: String,
    /// Its name.
    pub(crate) name: String,
    /// Where it leads.
    pub(crate) url: String,
    /// When it was changed.
    pub(crate) updated: Moment,
}

impl ProviderRow {
    fn sample(name: &str) -> Self {
        Self {
            identifier: "ACMEDESK:40817263".into(),
            slug: "acmedesk:40817263".into(),
            name: name.into(),
            url: "https://api.acmedesk.example/v2".into(),
            updated: Moment::from(Timestamp::UNIX_EPOCH),
        }
    }
}

framed!(Providers, "dashboard/providers.html", {
    let none = Self { frame: Frame::sample(Section::Providers), rows: vec![], pager: Pager::default() };
    let rows = vec![ProviderRow::sample("Acme Desk"), ProviderRow::sample("<b>")];
    vec![("providers-empty", none.clone()), ("providers", Self { rows, ..none })]
});

/// One to make or change.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ProviderForm {
    /// The frame.
    pub(crate) frame: Frame,
    /// The one to change; none for a new one.
    pub(crate) row: Option<ProviderRow>,
    /// Ways to sign in to begin with: the word in the address, and what it is called.
    pub(crate) starts: Vec<(&'static str, &'static str)>,
    /// The one that the form began with.
    pub(crate) start: String,
    /// Its name as typed.
    pub(crate) name: String,
    /// What it is.
    pub(crate) description: String,
    /// Where it leads.
    pub(crate) url: String,
    /// Whether requests to it may be made through the proxy.
    pub(crate) proxy: bool,
    /// How people sign in, as JSON.
    pub(crate) patterns: String,
    /// Which state of it the form was made from; 0 for a new one.
    pub(crate) seen: i64,
    /// The document that a new one is made of; empty for one without.
    pub(crate) document: String,
    /// The tools that it has by import.
    pub(crate) tools: Vec<ToolRow>,
    /// What they were made of.
    pub(crate) source: String,
    /// Whether it can have such.
    pub(crate) imports: bool,
    /// The field that is wrong; empty for none.
    pub(crate) at: &'static str,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

framed!(ProviderForm, "dashboard/provider_form.html", {
    let first = Self {
        frame: Frame::sample(Section::Providers),
        row: None,
        starts: vec![("api_key", "API key"), ("oauth", "OAuth 2.0")],
        start: "api_key".into(),
        name: String::new(),
        description: String::new(),
        url: String::new(),
        proxy: true,
        patterns: "[]".into(),
        seen: 0,
        document: String::new(),
        tools: vec![],
        source: String::new(),
        imports: false,
        at: "",
        wrong: None,
    };
    let change = Self {
        row: Some(ProviderRow::sample("Acme Desk")),
        name: "\"><b>".into(),
        patterns: "</textarea><script>".into(),
        seen: 3,
        at: "patterns",
        wrong: Some("auth_patterns has 0 patterns, and may have 1 to 5.".into()),
        imports: true,
        ..first.clone()
    };
    let tools = Self {
        tools: vec![ToolRow::sample("list_tickets", "read"), ToolRow::sample("close_ticket", "destructive")],
        source: "Acme Desk <b> 2.4".into(),
        at: "",
        wrong: None,
        ..change.clone()
    };
    let begun = Self { document: "openapi: 3.1.0\n</textarea>".into(), name: "Acme Desk".into(), ..first.clone() };
    vec![
        ("provider-form", first),
        ("provider-form-change", change),
        ("provider-form-tools", tools),
        ("provider-form-document", begun),
    ]
});

/// A tool that a provider has, or may have.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ToolRow {
    /// Its own name.
    pub(crate) name: String,
    /// What it is called.
    pub(crate) title: String,
    /// What calling it does.
    pub(crate) effect: &'static str,
    /// Method and path of its request.
    pub(crate) request: String,
    /// What it does.
    pub(crate) description: String,
    /// How it stands to what the provider has; empty where that has none.
    pub(crate) state: &'static str,
    /// What of the operation is left out.
    pub(crate) left_out: Vec<String>,
    /// Whether it is ticked.
    pub(crate) chosen: bool,
}

impl ToolRow {
    fn sample(name: &str, effect: &'static str) -> Self {
        Self {
            name: name.into(),
            title: "Tickets <b>".into(),
            effect,
            request: "GET /tickets/{id}".into(),
            description: "</label><script> what it does.".into(),
            state: "changed",
            left_out: vec!["parameters[1]: `session` is a cookie, and tools send none".into()],
            chosen: effect == "read",
        }
    }
}

/// The form of a document.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ProviderImport {
    /// The frame.
    pub(crate) frame: Frame,
    /// The provider that it is for; none for a new one.
    pub(crate) row: Option<ProviderRow>,
    /// The document as typed.
    pub(crate) document: String,
    /// The field that is wrong.
    pub(crate) at: &'static str,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

framed!(ProviderImport, "dashboard/provider_import.html", {
    let frame = Frame::sample(Section::Providers);
    let new = Self { frame, row: None, document: String::new(), at: "", wrong: None };
    let wrong = Self {
        row: Some(ProviderRow::sample("<b>")),
        document: "swagger: </textarea>".into(),
        wrong: Some("It is Swagger 2.0, and OpenAPI 3.0 and 3.1 are read.".into()),
        ..new.clone()
    };
    vec![("provider-import", new), ("provider-import-wrong", wrong)]
});

/// What a document would bring.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ProviderReview {
    /// The frame.
    pub(crate) frame: Frame,
    /// The provider.
    pub(crate) row: ProviderRow,
    /// Which state of it the page was made from.
    pub(crate) seen: i64,
    /// What the document calls the API.
    pub(crate) title: String,
    /// Its version.
    pub(crate) version: String,
    /// The version of the document before it, if there was one.
    pub(crate) before: Option<String>,
    /// How many tools are new, changed, and as before.
    pub(crate) counts: (usize, usize, usize),
    /// How many tools a provider has at most.
    pub(crate) most: usize,
    /// What calling a tool may do.
    pub(crate) effects: [&'static str; 3],
    /// What can be had.
    pub(crate) tools: Vec<ToolRow>,
    /// Tools that are in the document no more: name and title.
    pub(crate) gone: Vec<(String, String)>,
    /// What can't be had: place and reason.
    pub(crate) refused: Vec<(String, String)>,
    /// What is to be known of the whole.
    pub(crate) notes: Vec<String>,
    /// The document.
    pub(crate) document: String,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

framed!(ProviderReview, "dashboard/provider_review.html", {
    let first = Self {
        frame: Frame::sample(Section::Providers),
        row: ProviderRow::sample("Acme Desk"),
        seen: 3,
        title: "Acme Desk <b>".into(),
        version: "2.4".into(),
        before: None,
        counts: (2, 0, 0),
        most: 200,
        effects: Effect::ALL.map(Effect::as_str),
        tools: vec![
            ToolRow { state: "", ..ToolRow::sample("list_tickets", "read") },
            ToolRow { state: "", left_out: vec![], ..ToolRow::sample("close_ticket", "destructive") },
        ],
        gone: vec![],
        refused: vec![(
            "paths./upload.post".into(),
            "requestBody: it is multipart/form-data, and JSON and forms are sent".into(),
        )],
        notes: vec![
            "The document names other servers (https://evil.example): tools send to the provider's address alone."
                .into(),
        ],
        document: "openapi: 3.1.0\n</textarea>".into(),
        wrong: None,
    };
    let newer = Self {
        before: Some("2.3".into()),
        counts: (0, 2, 0),
        tools: vec![ToolRow::sample("list_tickets", "read"), ToolRow::sample("close_ticket", "destructive")],
        gone: vec![("old_ticket".into(), "Old <b>".into())],
        wrong: Some("No tool is chosen: choose those that the provider shall have.".into()),
        ..first.clone()
    };
    let nothing = Self { tools: vec![], counts: (0, 0, 0), notes: vec![], ..first.clone() };
    vec![("provider-review", first), ("provider-review-newer", newer), ("provider-review-nothing", nothing)]
});
