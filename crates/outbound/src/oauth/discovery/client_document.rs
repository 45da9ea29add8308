//! A client that is known by the address of a document about it.

use super::DiscoveryError;
use super::documents::fetch;
use crate::Outbound;
use serde_json::{Map, Value};
use url::Url;

/// What a client says of itself at the address that is its id (OAuth client id metadata documents); none if there is nothing
/// that can be read.
///
/// # Errors
/// The request was not answered, or may not be made.
pub async fn client_document(outbound: &Outbound, url: &Url) -> Result<Option<Map<String, Value>>, DiscoveryError> {
    fetch(outbound, url).await
}
