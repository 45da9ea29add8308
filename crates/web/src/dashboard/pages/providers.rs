//! Custom providers.

use super::framed::framed;
use crate::dashboard::frame::{Frame, Moment, Pager, Section};
use serde::Serialize;
use valetkey_domain::Timestamp;

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
        wrong: None,
    };
    let change = Self {
        row: Some(ProviderRow::sample("Acme Desk")),
        name: "\"><b>".into(),
        patterns: "</textarea><script>".into(),
        seen: 3,
        wrong: Some("Provider.auth_patterns has 0 patterns, and may have 1 to 5.".into()),
        ..first.clone()
    };
    vec![("provider-form", first), ("provider-form-change", change)]
});
