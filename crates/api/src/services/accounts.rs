//! ConnectedAccountService.

mod imported;
mod list;
mod one;
mod render;
mod which;

use super::serve::serve;
use tonic::{Request, Response, Status};
use valetkey_app::App;
use valetkey_proto::v1::connected_accounts as wire;
use valetkey_proto::v1::connected_accounts::connected_account_service_server::ConnectedAccountService;

/// The service.
pub(super) struct Accounts(pub(super) App);

type RpcResult<A> = Result<Response<A>, Status>;

#[tonic::async_trait]
impl ConnectedAccountService for Accounts {
    async fn list_connected_accounts(
        &self,
        request: Request<wire::ListConnectedAccountsRequest>,
    ) -> RpcResult<wire::ListConnectedAccountsResponse> {
        serve(&self.0, request, list::list).await
    }

    async fn create_connected_account(
        &self,
        request: Request<wire::CreateConnectedAccountRequest>,
    ) -> RpcResult<wire::CreateConnectedAccountResponse> {
        serve(&self.0, request, one::create).await
    }

    async fn update_connected_account(
        &self,
        request: Request<wire::UpdateConnectedAccountRequest>,
    ) -> RpcResult<wire::UpdateConnectedAccountResponse> {
        serve(&self.0, request, one::update).await
    }

    async fn delete_connected_account(
        &self,
        request: Request<wire::DeleteConnectedAccountRequest>,
    ) -> RpcResult<wire::DeleteConnectedAccountResponse> {
        serve(&self.0, request, one::delete).await
    }

    async fn disconnect_connected_account(
        &self,
        request: Request<wire::DisconnectConnectedAccountRequest>,
    ) -> RpcResult<wire::DisconnectConnectedAccountResponse> {
        serve(&self.0, request, one::disconnect).await
    }

    async fn get_magic_link_for_connected_account(
        &self,
        request: Request<wire::GetMagicLinkForConnectedAccountRequest>,
    ) -> RpcResult<wire::GetMagicLinkForConnectedAccountResponse> {
        serve(&self.0, request, one::magic_link).await
    }

    async fn get_connected_account(
        &self,
        request: Request<wire::GetConnectedAccountRequest>,
    ) -> RpcResult<wire::GetConnectedAccountResponse> {
        serve(&self.0, request, one::get).await
    }

    async fn get_connected_account_auth(
        &self,
        request: Request<wire::GetConnectedAccountByIdentifierRequest>,
    ) -> RpcResult<wire::GetConnectedAccountByIdentifierResponse> {
        serve(&self.0, request, one::auth).await
    }

    async fn verify_connected_account_user(
        &self,
        request: Request<wire::VerifyConnectedAccountUserRequest>,
    ) -> RpcResult<wire::VerifyConnectedAccountUserResponse> {
        serve(&self.0, request, one::verify_user).await
    }

    async fn search_connected_accounts(
        &self,
        request: Request<wire::SearchConnectedAccountsRequest>,
    ) -> RpcResult<wire::SearchConnectedAccountsResponse> {
        serve(&self.0, request, list::search).await
    }

    async fn get_connected_account_details(
        &self,
        request: Request<wire::GetConnectedAccountByIdentifierRequest>,
    ) -> RpcResult<wire::GetConnectedAccountByIdentifierResponse> {
        serve(&self.0, request, one::details).await
    }
}
