//! The gRPC services, one file each with its parts beside it. A handler authenticates nothing and checks no rule (the
//! gate did), parses what the wire says, makes one call of `app`, and renders.

mod accounts;
mod agentkit_logs;
mod config_versions;
mod connections;
mod events;
mod implemented;
mod kinds;
mod mcp;
mod organizations;
mod providers;
mod serve;
mod shared;
mod structs;
mod tools;
mod why;

pub(crate) use implemented::IMPLEMENTED;

use axum::Router;
use http::Request as HttpRequest;
use std::convert::Infallible;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::{Service, ServiceExt};
use valetkey_app::App;
use valetkey_proto::v1::agentkit_logs::agentkit_analytics_service_server::AgentkitAnalyticsServiceServer;
use valetkey_proto::v1::agentkit_logs::agentkit_logs_service_server::AgentkitLogsServiceServer;
use valetkey_proto::v1::connected_accounts::connected_account_service_server::ConnectedAccountServiceServer;
use valetkey_proto::v1::connections::connection_service_server::ConnectionServiceServer;
use valetkey_proto::v1::events::events_service_server::EventsServiceServer;
use valetkey_proto::v1::mcp::mcp_service_server::McpServiceServer;
use valetkey_proto::v1::organizations::organization_service_server::OrganizationServiceServer;
use valetkey_proto::v1::own::mcp_config_version_service_server::McpConfigVersionServiceServer;
use valetkey_proto::v1::own::why_service_server::WhyServiceServer;
use valetkey_proto::v1::providers::provider_service_server::ProviderServiceServer;
use valetkey_proto::v1::tools::tool_service_server::ToolServiceServer;
use valetkey_proto::v1::triggers::trigger_service_server::{TriggerService, TriggerServiceServer};

/// A service of which no method is implemented yet: the gate answers each by name, and the generated defaults stand
/// behind it.
struct Later;

impl TriggerService for Later {}

/// Routes for every service of the contract. They are not to be reached but through [`crate::gate`].
pub(crate) fn router(app: &App) -> Router {
    let mut router = Router::new();
    router = mount(router, McpServiceServer::new(mcp::Mcp(app.clone())));
    router = mount(router, ConnectionServiceServer::new(connections::Connections(app.clone())));
    router = mount(router, ConnectedAccountServiceServer::new(accounts::Accounts(app.clone())));
    router = mount(router, ToolServiceServer::new(tools::Tools::new(app.clone())));
    router = mount(router, OrganizationServiceServer::new(organizations::Organizations(app.clone())));
    router = mount(router, ProviderServiceServer::new(providers::Providers(app.clone())));
    router = mount(router, AgentkitLogsServiceServer::new(agentkit_logs::Logs(app.clone())));
    router = mount(router, EventsServiceServer::new(events::Events(app.clone())));
    router = mount(router, AgentkitAnalyticsServiceServer::new(agentkit_logs::Analytics(app.clone())));
    router = mount(router, WhyServiceServer::new(why::Why(app.clone())));
    router = mount(router, McpConfigVersionServiceServer::new(config_versions::ConfigVersions(app.clone())));
    mount(router, TriggerServiceServer::new(Later))
}

fn mount<S>(router: Router, service: S) -> Router
where
    S: Service<HttpRequest<Body>, Response = http::Response<Body>, Error = Infallible>,
    S: NamedService + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let path = format!("/{}/{{*method}}", S::NAME);
    router.route_service(&path, service.map_request(|request: HttpRequest<axum::body::Body>| request.map(Body::new)))
}
