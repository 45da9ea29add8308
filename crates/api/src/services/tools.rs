//! ToolService: the tools, and calling one.

mod execute;
mod lists;
mod render;
mod search;
mod whose;

use super::serve::{serve, serve_with_room};
use crate::called::{Called, Failures};
use std::sync::Arc;
use tonic::{Request, Response, Status};
use valetkey_app::App;
use valetkey_app::calls::RequestMemory;
use valetkey_domain::Ctx;
use valetkey_proto::v1::tools as wire;
use valetkey_proto::v1::tools::tool_service_server::ToolService;

/// The service.
pub(super) struct Tools {
    app: App,
    failures: Arc<Failures>,
}

impl Tools {
    pub(super) fn new(app: App) -> Self {
        Self { app, failures: Arc::default() }
    }
}

type Answer<A> = Result<Response<A>, Status>;

#[tonic::async_trait]
impl ToolService for Tools {
    async fn list_tools(&self, request: Request<wire::ListToolsRequest>) -> Answer<wire::ListToolsResponse> {
        serve(&self.app, request, lists::tools).await
    }

    async fn list_scoped_tools(
        &self,
        request: Request<wire::ListScopedToolsRequest>,
    ) -> Answer<wire::ListScopedToolsResponse> {
        serve(&self.app, request, lists::scoped).await
    }

    async fn list_available_tools(
        &self,
        request: Request<wire::ListAvailableToolsRequest>,
    ) -> Answer<wire::ListAvailableToolsResponse> {
        serve(&self.app, request, lists::available).await
    }

    async fn search_tools(&self, request: Request<wire::SearchToolsRequest>) -> Answer<wire::SearchToolsResponse> {
        serve(&self.app, request, search::search).await
    }

    async fn refresh_tools(&self, request: Request<wire::RefreshToolsRequest>) -> Answer<wire::RefreshToolsResponse> {
        serve(&self.app, request, lists::refreshed).await
    }

    async fn execute_tool(&self, request: Request<wire::ExecuteToolRequest>) -> Answer<wire::ExecuteToolResponse> {
        // It may go on when nobody waits any more, with what it was asked.
        let asked = request.extensions().get::<RequestMemory>().cloned().unwrap_or_default();
        let called = request.extensions().get::<Called>().cloned().unwrap_or_default();
        let wire = (called, Arc::clone(&self.failures));
        let run = async |app: &App, ctx: &Ctx, request| execute::execute(app, ctx, request, asked, wire).await;
        serve_with_room(&self.app, request, run).await
    }
}
