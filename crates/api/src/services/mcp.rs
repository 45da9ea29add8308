//! McpService.

mod configs;
mod instances;
mod render;
mod tokens;

use super::serve::serve;
use tonic::{Request, Response, Status};
use valetkey_app::App;
use valetkey_proto::v1::mcp as wire;
use valetkey_proto::v1::mcp::mcp_service_server::McpService;

/// The service.
pub(super) struct Mcp(pub(super) App);

type RpcResult<A> = Result<Response<A>, Status>;

#[tonic::async_trait]
impl McpService for Mcp {
    async fn create_mcp_config(
        &self,
        request: Request<wire::CreateMcpConfigRequest>,
    ) -> RpcResult<wire::CreateMcpConfigResponse> {
        serve(&self.0, request, configs::create).await
    }

    async fn update_mcp_config(
        &self,
        request: Request<wire::UpdateMcpConfigRequest>,
    ) -> RpcResult<wire::UpdateMcpConfigResponse> {
        serve(&self.0, request, configs::update).await
    }

    async fn list_mcp_configs(
        &self,
        request: Request<wire::ListMcpConfigsRequest>,
    ) -> RpcResult<wire::ListMcpConfigsResponse> {
        serve(&self.0, request, configs::list).await
    }

    async fn get_mcp_config(
        &self,
        request: Request<wire::GetMcpConfigRequest>,
    ) -> RpcResult<wire::GetMcpConfigResponse> {
        serve(&self.0, request, configs::get).await
    }

    async fn delete_mcp_config(
        &self,
        request: Request<wire::DeleteMcpConfigRequest>,
    ) -> RpcResult<wire::DeleteMcpConfigResponse> {
        serve(&self.0, request, configs::delete).await
    }

    async fn ensure_mcp_instance(
        &self,
        request: Request<wire::EnsureMcpInstanceRequest>,
    ) -> RpcResult<wire::EnsureMcpInstanceResponse> {
        serve(&self.0, request, instances::ensure).await
    }

    async fn list_mcp_instances(
        &self,
        request: Request<wire::ListMcpInstancesRequest>,
    ) -> RpcResult<wire::ListMcpInstancesResponse> {
        serve(&self.0, request, instances::list).await
    }

    async fn get_mcp_instance(
        &self,
        request: Request<wire::GetMcpInstanceRequest>,
    ) -> RpcResult<wire::GetMcpInstanceResponse> {
        serve(&self.0, request, instances::get).await
    }

    async fn update_mcp_instance(
        &self,
        request: Request<wire::UpdateMcpInstanceRequest>,
    ) -> RpcResult<wire::UpdateMcpInstanceResponse> {
        serve(&self.0, request, instances::update).await
    }

    async fn delete_mcp_instance(
        &self,
        request: Request<wire::DeleteMcpInstanceRequest>,
    ) -> RpcResult<wire::DeleteMcpInstanceResponse> {
        serve(&self.0, request, instances::delete).await
    }

    async fn get_mcp_instance_auth_state(
        &self,
        request: Request<wire::GetMcpInstanceAuthStateRequest>,
    ) -> RpcResult<wire::GetMcpInstanceAuthStateResponse> {
        serve(&self.0, request, instances::auth_state).await
    }

    async fn list_mcp_connected_accounts(
        &self,
        request: Request<wire::ListMcpConnectedAccountsRequest>,
    ) -> RpcResult<wire::ListMcpConnectedAccountsResponse> {
        serve(&self.0, request, configs::connected_accounts).await
    }

    async fn create_mcp_session_token(
        &self,
        request: Request<wire::CreateMcpSessionTokenRequest>,
    ) -> RpcResult<wire::CreateMcpSessionTokenResponse> {
        serve(&self.0, request, tokens::create).await
    }
}
