//! What the pages of custom providers and of their imports share.

use super::frame::{Moment, Section};
use super::pages::{ProviderForm, ProviderRow};
use super::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use serde_json::Value;
use std::collections::HashMap;
use valetkey_app::connections::providers;
use valetkey_domain::Ctx;
use valetkey_domain::provider::Provider;

/// What an address names.
pub(super) type Named = Path<HashMap<String, String>>;

/// The ways to sign in that a new one can begin with.
pub(super) const STARTS: [(&str, &str); 4] =
    [("api_key", "API key"), ("bearer", "Bearer token"), ("basic", "Name and password"), ("oauth", "OAuth 2.0")];

/// A provider's line in lists, and its head.
pub(super) fn row(provider: &Provider) -> ProviderRow {
    ProviderRow {
        identifier: provider.identifier(),
        slug: provider.slug.clone(),
        name: provider.display_name.clone(),
        url: provider.proxy_url.clone(),
        updated: Moment::from(provider.updated_at),
    }
}

/// The form of a provider as it is, or of a new one, empty.
pub(super) fn blank(visit: &Visit, of: Option<&Provider>) -> ProviderForm {
    ProviderForm {
        frame: visit.frame(Section::Providers),
        row: of.map(row),
        starts: STARTS.into(),
        start: String::new(),
        name: of.map(|of| of.display_name.clone()).unwrap_or_default(),
        description: of.map(|of| of.description.clone()).unwrap_or_default(),
        url: of.map(|of| of.proxy_url.clone()).unwrap_or_default(),
        proxy: of.is_some_and(|of| of.proxy_enabled),
        patterns: of.map(|of| pretty(&of.auth_patterns)).unwrap_or_default(),
        seen: of.map_or(0, |of| of.revision),
        document: String::new(),
        tools: Vec::new(),
        source: String::new(),
        imports: of.is_some_and(|of| !is_mcp(of)),
        at: "",
        wrong: None,
    }
}

/// Whether it is a server that lists its tools itself.
fn is_mcp(provider: &Provider) -> bool {
    let patterns = provider.auth_patterns.as_array().into_iter().flatten();
    patterns.into_iter().any(|pattern| pattern.get("is_mcp") == Some(&Value::Bool(true)))
}

/// JSON for people.
pub(super) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The provider that an address names.
pub(super) async fn find(visit: &Visit, ctx: &Ctx, named: &HashMap<String, String>) -> Result<Provider, Response> {
    let slug = named.get("id").map_or("", String::as_str);
    providers::get(&visit.web.app, ctx, slug).await.map_err(|error| visit.fail(&error))
}
