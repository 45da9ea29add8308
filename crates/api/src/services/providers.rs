//! ProviderService: the connectors of files, and the custom providers of the environment.

use super::serve::serve;
use super::shared::{ends, non_empty, not_offered, page};
use super::structs;
use serde_json::json;
use tonic::{Request, Response, Status};
use valetkey_app::connections::Connector;
use valetkey_app::connections::providers::{self, Entry, New, ProviderFilter, Update};
use valetkey_app::{App, Error, Result};
use valetkey_domain::Ctx;
use valetkey_domain::provider::Provider;
use valetkey_proto::v1::providers as wire;
use valetkey_proto::v1::providers::ProviderType;
use valetkey_proto::v1::providers::provider_service_server::ProviderService;

/// The service.
pub(super) struct Providers(pub(super) App);

/// How many providers a page has when the caller doesn't say.
const PAGE: u32 = 100;

type RpcResult<A> = std::result::Result<Response<A>, Status>;

#[tonic::async_trait]
impl ProviderService for Providers {
    async fn create_custom_provider(
        &self,
        request: Request<wire::CreateCustomProviderRequest>,
    ) -> RpcResult<wire::CreateProviderResponse> {
        serve(&self.0, request, create).await
    }

    async fn update_custom_provider(
        &self,
        request: Request<wire::UpdateCustomProviderRequest>,
    ) -> RpcResult<wire::UpdateProviderResponse> {
        serve(&self.0, request, update).await
    }

    async fn delete_custom_provider(
        &self,
        request: Request<wire::DeleteProviderRequest>,
    ) -> RpcResult<wire::DeleteProviderResponse> {
        serve(&self.0, request, delete).await
    }

    async fn list_providers(
        &self,
        request: Request<wire::ListProvidersRequest>,
    ) -> RpcResult<wire::ListProvidersResponse> {
        serve(&self.0, request, list).await
    }
}

async fn create(
    app: &App,
    ctx: &Ctx,
    request: wire::CreateCustomProviderRequest,
) -> Result<wire::CreateProviderResponse> {
    let wanted = request.provider.unwrap_or_default();
    let new = New {
        display_name: wanted.display_name,
        description: wanted.description,
        icon_src: wanted.icon_src,
        proxy_url: wanted.proxy_url,
        proxy_enabled: wanted.proxy_enabled,
        auth_patterns: structs::list(wanted.auth_patterns),
        metadata: wanted.metadata.into_iter().collect(),
    };
    let made = providers::create(app, ctx, new).await?;
    Ok(wire::CreateProviderResponse { provider: Some(custom(made)) })
}

/// What is absent stays, but for metadata; `proxy_enabled` switches the proxy on and never off, for the SDKs leave it out.
async fn update(
    app: &App,
    ctx: &Ctx,
    request: wire::UpdateCustomProviderRequest,
) -> Result<wire::UpdateProviderResponse> {
    let wanted = request.provider.unwrap_or_default();
    let change = Update {
        display_name: wanted.display_name,
        description: non_empty(wanted.description),
        icon_src: non_empty(wanted.icon_src),
        proxy_url: wanted.proxy_url,
        proxy_enabled: wanted.proxy_enabled.then_some(true),
        auth_patterns: wanted.auth_patterns.map(|patterns| structs::list(Some(patterns))),
        metadata: wanted.metadata.into_iter().collect(),
    };
    let changed = providers::update(app, ctx, custom_only(app, &request.identifier)?, change).await?;
    Ok(wire::UpdateProviderResponse { provider: Some(custom(changed)) })
}

async fn delete(app: &App, ctx: &Ctx, request: wire::DeleteProviderRequest) -> Result<wire::DeleteProviderResponse> {
    providers::delete(app, ctx, custom_only(app, &request.identifier)?).await?;
    Ok(wire::DeleteProviderResponse {})
}

async fn list(app: &App, ctx: &Ctx, request: wire::ListProvidersRequest) -> Result<wire::ListProvidersResponse> {
    let filter = request.filter.unwrap_or_default();
    let shown = match ProviderType::try_from(filter.provider_type) {
        Ok(ProviderType::Default) => ProviderFilter::OfFiles,
        Ok(ProviderType::Custom) => ProviderFilter::Custom,
        Ok(ProviderType::All) => ProviderFilter::All,
        Err(_) => return Err(Error::invalid("filter.provider_type is none of DEFAULT, CUSTOM and ALL")),
    };
    let identifier = non_empty(request.identifier);
    let page = page(request.page_size, request.page_token, PAGE);
    let listed = providers::list(app, ctx, shown, identifier.as_deref(), &page).await?;
    let (next_page_token, prev_page_token, total_size) = ends(&listed);
    let render = |entry: Entry| match entry {
        Entry::OfFile(connector) => of_file(&connector),
        Entry::Custom(provider) => custom(*provider),
    };
    let providers = listed.items.into_iter().map(render).collect();
    Ok(wire::ListProvidersResponse { providers, next_page_token, total_size, prev_page_token })
}

/// Connectors of files are changed in their files.
fn custom_only<'a>(app: &App, identifier: &'a str) -> Result<&'a str> {
    if app.catalog().by_provider(identifier).is_some() {
        let what =
            format!("changes of {identifier} by API, which is a connector of this server's files (--connectors), are");
        return Err(not_offered(&what));
    }
    Ok(identifier)
}

fn custom(provider: Provider) -> wire::Provider {
    let patterns = provider.auth_patterns.as_array();
    let is_mcp = patterns.into_iter().flatten().any(|pattern| pattern.get("is_mcp") == Some(&json!(true)));
    wire::Provider {
        id: provider.id.to_string(),
        identifier: provider.identifier(),
        auth_patterns: Some(structs::list_of(&provider.auth_patterns)),
        display_name: provider.display_name,
        description: provider.description,
        icon_src: provider.icon_src,
        proxy_url: provider.proxy_url,
        proxy_enabled: provider.proxy_enabled,
        is_custom: true,
        is_custom_mcp: is_mcp,
        metadata: provider.metadata.into_iter().collect(),
        ..Default::default()
    }
}

fn of_file(connector: &Connector) -> wire::Provider {
    wire::Provider {
        id: format!("prv_{}", connector.slug),
        identifier: connector.provider_key(),
        display_name: connector.display_name.clone(),
        auth_patterns: Some(structs::list_of(&connector.auth_patterns())),
        proxy_url: connector.shown_proxy_url(),
        proxy_enabled: true,
        ..Default::default()
    }
}
