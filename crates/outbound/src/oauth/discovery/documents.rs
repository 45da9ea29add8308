//! One document: fetched without a credential, a JSON object, and small.

use super::DiscoveryError;
use crate::{Limits, Outbound};
use bytes::Bytes;
use http::header::{ACCEPT, HeaderValue};
use http::{Request, Uri};
use serde_json::{Map, Value};
use std::time::Duration;
use url::Url;

/// What one of them may cost.
pub(super) const LIMITS: Limits = Limits { timeout: Duration::from_secs(10), max_bytes: 256 * 1024 };

/// The document at an address; none where there is none that can be read.
pub(super) async fn fetch(outbound: &Outbound, url: &Url) -> Result<Option<Map<String, Value>>, DiscoveryError> {
    let Ok(uri) = url.as_str().parse::<Uri>() else { return Ok(None) };
    let request = Request::get(uri)
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .header("mcp-protocol-version", HeaderValue::from_static("2025-11-25"))
        .body(Bytes::new())
        .map_err(|why| DiscoveryError::unusable(why.to_string()))?;
    let answer = outbound.send_told(request, &LIMITS).await?;
    if !answer.status().is_success() {
        return Ok(None);
    }
    match valetkey_domain::json::parse(answer.body()) {
        Ok(Value::Object(members)) => Ok(Some(members)),
        _ => Ok(None),
    }
}

/// The well-known address of a document about what stands at `of`: its name between host and path.
pub(super) fn inserted(of: &Url, name: &str) -> Url {
    let path = of.path().trim_end_matches('/');
    let mut url = of.clone();
    url.set_path(&format!("/.well-known/{name}{path}"));
    url.set_query(None);
    url.set_fragment(None);
    url
}

/// A member that is a text.
pub(super) fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty() && text.len() <= 2_048).map(str::to_owned)
}

/// A member that is a list of texts, as far as it is one.
pub(super) fn texts(members: &Map<String, Value>, name: &str) -> Vec<String> {
    let list = members.get(name).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).filter(|text| text.len() <= 2_048).take(100).map(str::to_owned).collect()
}
