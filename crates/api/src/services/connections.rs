//! ConnectionService: connections of the environment.

mod render;
mod settings;

use super::kinds;
use super::serve::serve;
use super::shared::{connector, ends, id, non_empty, page};
use tonic::{Request, Response, Status};
use valetkey_app::accounts;
use valetkey_app::connections::{self, Change, Filter, New};
use valetkey_app::{App, Page, Result};
use valetkey_domain::Ctx;
use valetkey_domain::connection::Settings;
use valetkey_domain::id::ConnectionId;
use valetkey_proto::v1::connections as wire;
use valetkey_proto::v1::connections::connection_service_server::ConnectionService;

/// The service.
pub(super) struct Connections(pub(super) App);

/// How many connections a page has when the caller doesn't say, and when we read all of them.
const PAGE: u32 = 30;

type RpcResult<A> = std::result::Result<Response<A>, Status>;

#[tonic::async_trait]
impl ConnectionService for Connections {
    async fn create_environment_connection(
        &self,
        request: Request<wire::CreateEnvironmentConnectionRequest>,
    ) -> RpcResult<wire::CreateConnectionResponse> {
        serve(&self.0, request, create).await
    }

    async fn get_environment_connection(
        &self,
        request: Request<wire::GetEnvironmentConnectionRequest>,
    ) -> RpcResult<wire::GetConnectionResponse> {
        serve(&self.0, request, get).await
    }

    async fn update_environment_connection(
        &self,
        request: Request<wire::UpdateEnvironmentConnectionRequest>,
    ) -> RpcResult<wire::UpdateConnectionResponse> {
        serve(&self.0, request, update).await
    }

    async fn delete_environment_connection(
        &self,
        request: Request<wire::DeleteEnvironmentConnectionRequest>,
    ) -> RpcResult<()> {
        serve(&self.0, request, delete).await
    }

    async fn enable_environment_connection(
        &self,
        request: Request<wire::ToggleEnvironmentConnectionRequest>,
    ) -> RpcResult<wire::ToggleConnectionResponse> {
        serve(&self.0, request, async |app, ctx, request| toggle(app, ctx, request, true).await).await
    }

    async fn disable_environment_connection(
        &self,
        request: Request<wire::ToggleEnvironmentConnectionRequest>,
    ) -> RpcResult<wire::ToggleConnectionResponse> {
        serve(&self.0, request, async |app, ctx, request| toggle(app, ctx, request, false).await).await
    }

    async fn list_connections(
        &self,
        request: Request<wire::ListConnectionsRequest>,
    ) -> RpcResult<wire::ListConnectionsResponse> {
        serve(&self.0, request, list).await
    }

    async fn list_app_connections(
        &self,
        request: Request<wire::ListAppConnectionsRequest>,
    ) -> RpcResult<wire::ListAppConnectionsResponse> {
        serve(&self.0, request, list_app).await
    }
}

async fn create(
    app: &App,
    ctx: &Ctx,
    request: wire::CreateEnvironmentConnectionRequest,
) -> Result<wire::CreateConnectionResponse> {
    let wanted = request.connection.unwrap_or_default();
    settings::check_new(&wanted, request.flags.unwrap_or_default())?;
    let connector = settings::connector(&wanted);
    let new = New {
        name: wanted.key_id.clone().and_then(non_empty),
        settings: Settings { way: kinds::way(app, ctx, &connector, wanted.r#type()).await?, ..Settings::default() },
        connector,
        client_secret: None,
    };
    let made = connections::create(app, ctx, new).await?;
    Ok(wire::CreateConnectionResponse { connection: Some(render::connection(app, &made)?) })
}

async fn get(
    app: &App,
    ctx: &Ctx,
    request: wire::GetEnvironmentConnectionRequest,
) -> Result<wire::GetConnectionResponse> {
    let found = connections::get(app, ctx, &id(ConnectionId::parse, &request.connection_id)?).await?;
    Ok(wire::GetConnectionResponse { connection: Some(render::connection(app, &found)?) })
}

async fn update(
    app: &App,
    ctx: &Ctx,
    request: wire::UpdateEnvironmentConnectionRequest,
) -> Result<wire::UpdateConnectionResponse> {
    let id = id(ConnectionId::parse, &request.connection_id)?;
    let before = connections::get(app, ctx, &id).await?;
    let change = settings::change(app, &before, request.connection.unwrap_or_default())?;
    let after = connections::update(app, ctx, &before, change).await?;
    Ok(wire::UpdateConnectionResponse { connection: Some(render::connection(app, &after)?) })
}

async fn delete(app: &App, ctx: &Ctx, request: wire::DeleteEnvironmentConnectionRequest) -> Result<()> {
    // One with many accounts goes on after the answer: nobody can use it any more.
    accounts::delete_connection(app, ctx, &id(ConnectionId::parse, &request.connection_id)?).await.map(drop)
}

async fn toggle(
    app: &App,
    ctx: &Ctx,
    request: wire::ToggleEnvironmentConnectionRequest,
    enabled: bool,
) -> Result<wire::ToggleConnectionResponse> {
    let id = id(ConnectionId::parse, &request.connection_id)?;
    let before = connections::get(app, ctx, &id).await?;
    let change = Change { enabled: Some(enabled), ..Change::default() };
    let after = connections::update(app, ctx, &before, change).await?;
    Ok(wire::ToggleConnectionResponse { enabled: after.enabled, error_message: None })
}

/// All connections at once, as this method has no pages. Those of organisations or domains don't exist here, so a
/// caller who asks for one's sees none.
async fn list(app: &App, ctx: &Ctx, request: wire::ListConnectionsRequest) -> Result<wire::ListConnectionsResponse> {
    let mut shown = Vec::new();
    if request.organization_id.is_some() || request.domain.is_some() {
        return Ok(wire::ListConnectionsResponse { connections: shown });
    }
    let mut page = Page { size: PAGE, after: None };
    loop {
        let listed = connections::list(app, ctx, &Filter::default(), &page).await?;
        shown.extend(listed.items.iter().map(|connection| render::item(app, connection)));
        match listed.next {
            Some(next) => page.after = Some(next),
            None => return Ok(wire::ListConnectionsResponse { connections: shown }),
        }
    }
}

async fn list_app(
    app: &App,
    ctx: &Ctx,
    request: wire::ListAppConnectionsRequest,
) -> Result<wire::ListAppConnectionsResponse> {
    let filter = Filter { query: request.query, connector: request.provider.map(|key| connector(app, &key)) };
    let page = page(request.page_size, request.page_token, PAGE);
    let listed = connections::list(app, ctx, &filter, &page).await?;
    let (next_page_token, prev_page_token, total_size) = ends(&listed);
    let connections = listed.items.iter().map(|connection| render::item(app, connection)).collect();
    Ok(wire::ListAppConnectionsResponse { connections, next_page_token, prev_page_token, total_size })
}
