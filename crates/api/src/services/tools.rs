//! ToolService: the tools, and calling one.

mod execute;
mod lists;
mod render;
mod search;

use super::serve::{serve, serve_with_room};
use tonic::{Request, Response, Status};
use valetkey_app::App;
use valetkey_app::calls::RequestMemory;
use valetkey_domain::Ctx;
use valetkey_proto::v1::tools as wire;
use valetkey_proto::v1::tools::tool_service_server::ToolService;

/// The service.
pub(super) struct Tools(pub(super) App);

type Answer<A> = Result<Response<A>, Status>;

#[tonic::async_trait]
impl ToolService for Tools {
    async fn list_tools(&self, request: Request<wire::ListToolsRequest>) -> Answer<wire::ListToolsResponse> {
        serve(&self.0, request, lists::tools).await
    }

    async fn list_scoped_tools(
        &self,
        request: Request<wire::ListScopedToolsRequest>,
    ) -> Answer<wire::ListScopedToolsResponse> {
        serve(&self.0, request, lists::scoped).await
    }

    async fn list_available_tools(
        &self,
        request: Request<wire::ListAvailableToolsRequest>,
    ) -> Answer<wire::ListAvailableToolsResponse> {
        serve(&self.0, request, lists::available).await
    }

    async fn search_tools(&self, request: Request<wire::SearchToolsRequest>) -> Answer<wire::SearchToolsResponse> {
        serve(&self.0, request, search::search).await
    }

    async fn execute_tool(&self, request: Request<wire::ExecuteToolRequest>) -> Answer<wire::ExecuteToolResponse> {
        // It may go on when nobody waits any more, with what it was asked.
        let asked = request.extensions().get::<RequestMemory>().cloned().unwrap_or_default();
        let run = async |app: &App, ctx: &Ctx, request| execute::execute(app, ctx, request, asked).await;
        serve_with_room(&self.0, request, run).await
    }
}
