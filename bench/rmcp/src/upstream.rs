//! Calls of the upstream, each a POST of its own over a pool of connections.

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rmcp::model::JsonObject;
use serde_json::{Value, json};

pub(crate) struct Upstream {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
}

impl Upstream {
    /// At this address.
    pub(crate) fn at(address: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client, url: format!("http://{address}/mcp") }
    }

    /// Calls a tool with a user's credential and reads the result.
    ///
    /// # Errors
    /// It did not answer, or not with a result.
    pub(crate) async fn call<T: serde::de::DeserializeOwned>(
        &self,
        credential: &HeaderValue,
        tool: &str,
        arguments: Option<JsonObject>,
    ) -> anyhow::Result<T> {
        let params = json!({"name": tool, "arguments": arguments.unwrap_or_default()});
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
        let request = Request::post(&self.url)
            .header(header::AUTHORIZATION, credential)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-11-25")
            .body(Full::from(message.to_string()))?;
        let answer = self.client.request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "the upstream answered {status}");
        let mut whole: Value = serde_json::from_slice(&body)?;
        let result = whole.get_mut("result").map(Value::take).context("the upstream gave no result")?;
        Ok(serde_json::from_value(result)?)
    }
}
