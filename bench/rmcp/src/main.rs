//! A gateway made with rmcp's own server: it lists the upstream's tool and passes each call on with the credential that its
//! user sent, over connections that stay open. It has no accounts, no journal and no limits: the least that a gateway
//! written with rmcp costs.
//!
//! `valetkey-bench-rmcp ADDRESS` stands before the upstream at this address and says where it listens.

mod upstream;

use rmcp::ErrorData;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use std::sync::Arc;
use tokio::net::TcpListener;
use upstream::Upstream;

#[derive(Clone)]
struct Gateway {
    upstream: Arc<Upstream>,
    tool: Tool,
}

impl ServerHandler for Gateway {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(vec![self.tool.clone()]))
    }

    async fn call_tool(
        &self,
        asked: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let credential = context
            .extensions
            .get::<http::request::Parts>()
            .and_then(|parts| parts.headers.get(http::header::AUTHORIZATION))
            .ok_or_else(|| ErrorData::invalid_request("no credential", None))?;
        let result = self.upstream.call(credential, &asked.name, asked.arguments).await;
        let result: CallToolResult = result.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        Ok(result.into())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).ok_or_else(|| anyhow::anyhow!("the upstream's address is missing"))?;
    let schema = serde_json::json!({"type": "object", "properties": {"text": {"type": "string"}}});
    let schema = schema.as_object().cloned().unwrap_or_default();
    let gateway =
        Gateway { upstream: Arc::new(Upstream::at(&address)), tool: Tool::new("echo", "Says whose it is.", schema) };
    // No session, and JSON where it will do: what its documentation names for servers with many users.
    let config = StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true);
    let sessions = Arc::new(LocalSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(gateway.clone()), sessions, config);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let line = format!("listening on {}\n", listener.local_addr()?);
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes())?;
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true)));
    Ok(axum::serve(listener, axum::Router::new().nest_service("/mcp", service)).await?)
}
