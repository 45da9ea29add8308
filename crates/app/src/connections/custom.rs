//! A custom provider as the connector that it is.

use crate::{Error, Result};
use std::sync::Arc;
use valetkey_connectors::{Connector, CustomProvider};
use valetkey_domain::Kind;
use valetkey_domain::provider::Provider;

/// Compiles what a developer says of an app.
///
/// # Errors
/// `INVALID_ARGUMENT`: what won't do, with its place in the request.
pub(super) fn compiled(provider: &Provider) -> Result<Arc<Connector>> {
    let described = CustomProvider {
        slug: &provider.slug,
        display_name: &provider.display_name,
        proxy_url: &provider.proxy_url,
        proxy_enabled: provider.proxy_enabled,
        auth_patterns: &provider.auth_patterns,
        tools_digest: &provider.tools_digest,
    };
    let made = Connector::custom(described).map_err(|problem| Error::invalid(format!("provider.{problem}")));
    Ok(Arc::new(made?))
}

/// The same of one that was taken before: the rules may have become stricter since.
///
/// # Errors
/// `FAILED_PRECONDITION`: it is to be mended first.
pub(super) fn kept(provider: &Provider) -> Result<Arc<Connector>> {
    compiled(provider).map_err(|error| {
        let (identifier, why) = (provider.identifier(), error.message());
        let message = format!("custom provider {identifier} can't be used until it is updated: {why}");
        Error::new(Kind::FailedPrecondition, message)
    })
}
