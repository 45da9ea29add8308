//! OrganizationService: the customers of an app. Nothing of their sign-on is served.

use super::serve::serve;
use super::shared::{ends, id, non_empty, page, timestamp};
use tonic::{Request, Response, Status};
use valetkey_app::tenancy::organizations::{self, Filter, New, OrganizationRef, Update};
use valetkey_app::{App, Error, Listed, Result};
use valetkey_domain::Ctx;
use valetkey_domain::id::OrganizationId;
use valetkey_domain::organization::Organization;
use valetkey_proto::v1::commons::RegionCode;
use valetkey_proto::v1::organizations as wire;
use valetkey_proto::v1::organizations::organization_service_server::OrganizationService;

/// The service.
pub(super) struct Organizations(pub(super) App);

/// How many organisations a page has when the caller doesn't say.
const PAGE: u32 = 10;

type RpcResult<A> = std::result::Result<Response<A>, Status>;

#[tonic::async_trait]
impl OrganizationService for Organizations {
    async fn create_organization(
        &self,
        request: Request<wire::CreateOrganizationRequest>,
    ) -> RpcResult<wire::CreateOrganizationResponse> {
        serve(&self.0, request, create).await
    }

    async fn update_organization(
        &self,
        request: Request<wire::UpdateOrganizationRequest>,
    ) -> RpcResult<wire::UpdateOrganizationResponse> {
        serve(&self.0, request, update).await
    }

    async fn get_organization(
        &self,
        request: Request<wire::GetOrganizationRequest>,
    ) -> RpcResult<wire::GetOrganizationResponse> {
        serve(&self.0, request, get).await
    }

    async fn get_organization_by_external_id(
        &self,
        request: Request<wire::GetOrganizationRequest>,
    ) -> RpcResult<wire::GetOrganizationResponse> {
        serve(&self.0, request, get).await
    }

    async fn list_organization(
        &self,
        request: Request<wire::ListOrganizationsRequest>,
    ) -> RpcResult<wire::ListOrganizationsResponse> {
        serve(&self.0, request, list).await
    }

    async fn search_organization(
        &self,
        request: Request<wire::SearchOrganizationsRequest>,
    ) -> RpcResult<wire::SearchOrganizationsResponse> {
        serve(&self.0, request, search).await
    }

    async fn delete_organization(&self, request: Request<wire::DeleteOrganizationRequest>) -> RpcResult<()> {
        serve(&self.0, request, delete).await
    }
}

async fn create(
    app: &App,
    ctx: &Ctx,
    request: wire::CreateOrganizationRequest,
) -> Result<wire::CreateOrganizationResponse> {
    let wanted = request.organization.unwrap_or_default();
    if RegionCode::try_from(wanted.region_code).is_err() {
        let message = format!("organization.region_code: there is no region {}; leave it out", wanted.region_code);
        return Err(Error::invalid(message));
    }
    let new = New {
        display_name: wanted.display_name,
        external_id: wanted.external_id.and_then(non_empty),
        slug: wanted.slug.and_then(non_empty),
        logo_url: wanted.logo_url.and_then(non_empty),
        metadata: wanted.metadata.into_iter().collect(),
    };
    let made = organizations::create(app, ctx, new).await?;
    Ok(wire::CreateOrganizationResponse { organization: Some(render(made)) })
}

async fn update(
    app: &App,
    ctx: &Ctx,
    request: wire::UpdateOrganizationRequest,
) -> Result<wire::UpdateOrganizationResponse> {
    use wire::update_organization_request::Identities;
    let which = match request.identities {
        Some(Identities::Id(text)) => which(Some(text), None)?,
        Some(Identities::ExternalId(text)) => which(None, Some(text))?,
        None => which(None, None)?,
    };
    let mask = request.update_mask.map(|mask| mask.paths);
    let change = change(request.organization.unwrap_or_default(), mask.as_deref())?;
    let changed = organizations::update(app, ctx, &which, change).await?;
    Ok(wire::UpdateOrganizationResponse { organization: Some(render(changed)) })
}

async fn get(app: &App, ctx: &Ctx, request: wire::GetOrganizationRequest) -> Result<wire::GetOrganizationResponse> {
    use wire::get_organization_request::Identities;
    let which = match request.identities {
        Some(Identities::Id(text)) => which(Some(text), None)?,
        Some(Identities::ExternalId(text)) => which(None, Some(text))?,
        None => which(None, None)?,
    };
    let found = organizations::get(app, ctx, &which).await?;
    Ok(wire::GetOrganizationResponse { organization: Some(render(found)) })
}

async fn list(
    app: &App,
    ctx: &Ctx,
    request: wire::ListOrganizationsRequest,
) -> Result<wire::ListOrganizationsResponse> {
    let filter = Filter { external_id: request.external_id.and_then(non_empty), search: None };
    let page = page(request.page_size, request.page_token, PAGE);
    let listed = organizations::list(app, ctx, &filter, &page).await?;
    let (next_page_token, prev_page_token, total_size) = ends(&listed);
    let organizations = rendered(listed);
    Ok(wire::ListOrganizationsResponse { next_page_token, total_size, organizations, prev_page_token })
}

async fn search(
    app: &App,
    ctx: &Ctx,
    request: wire::SearchOrganizationsRequest,
) -> Result<wire::SearchOrganizationsResponse> {
    let filter = Filter { external_id: None, search: Some(request.query) };
    let page = page(request.page_size, request.page_token, PAGE);
    let listed = organizations::list(app, ctx, &filter, &page).await?;
    let (next_page_token, prev_page_token, total_size) = ends(&listed);
    let organizations = rendered(listed);
    Ok(wire::SearchOrganizationsResponse { next_page_token, total_size, organizations, prev_page_token })
}

async fn delete(app: &App, ctx: &Ctx, request: wire::DeleteOrganizationRequest) -> Result<()> {
    use wire::delete_organization_request::Identities;
    let which = match request.identities {
        Some(Identities::Id(text)) => which(Some(text), None)?,
        Some(Identities::ExternalId(text)) => which(None, Some(text))?,
        None => which(None, None)?,
    };
    organizations::delete(app, ctx, &which).await
}

/// An organisation is named by its id or by the app's own.
fn which(by_id: Option<String>, external_id: Option<String>) -> Result<OrganizationRef> {
    match (by_id, external_id) {
        (Some(text), _) => Ok(OrganizationRef::Id(id(OrganizationId::parse, &text)?)),
        (None, Some(external_id)) => Ok(OrganizationRef::ExternalId(external_id)),
        (None, None) => Err(Error::invalid("which organisation is not said: give id or external_id")),
    }
}

/// Without a mask what is given is changed; with one, what it names.
fn change(wanted: wire::UpdateOrganization, mask: Option<&[String]>) -> Result<Update> {
    const KNOWN: [&str; 5] = ["display_name", "external_id", "slug", "logo_url", "metadata"];
    let mask = mask.filter(|paths| !paths.is_empty());
    for path in mask.unwrap_or_default() {
        if !KNOWN.contains(&path.as_str()) {
            let path: String = path.chars().take(40).collect();
            return Err(Error::invalid(format!("update_mask: '{path}' is none of {}", KNOWN.join(", "))));
        }
    }
    let named = |name: &str| mask.map(|paths| paths.iter().any(|path| path == name));
    let text = |name: &str, given: Option<String>| match named(name) {
        Some(true) => Some(given.and_then(non_empty)),
        Some(false) => None,
        None => given.map(non_empty),
    };
    let display_name = wanted.display_name.filter(|_| named("display_name") != Some(false));
    if named("display_name") == Some(true) && display_name.is_none() {
        return Err(Error::invalid("update_mask names display_name, which an organisation can't be without"));
    }
    let metadata = wanted.metadata.into_iter().collect();
    let metadata = match named("metadata") {
        Some(named) => named.then_some(metadata),
        None => Some(metadata).filter(|metadata: &std::collections::BTreeMap<_, _>| !metadata.is_empty()),
    };
    Ok(Update {
        display_name,
        external_id: text("external_id", wanted.external_id),
        slug: text("slug", wanted.slug),
        logo_url: text("logo_url", wanted.logo_url),
        metadata,
    })
}

fn rendered(listed: Listed<Organization>) -> Vec<wire::Organization> {
    listed.items.into_iter().map(render).collect()
}

fn render(organization: Organization) -> wire::Organization {
    wire::Organization {
        id: organization.id.to_string(),
        create_time: Some(timestamp(organization.created_at)),
        update_time: Some(timestamp(organization.updated_at)),
        display_name: organization.display_name,
        region_code: 0,
        external_id: organization.external_id,
        metadata: organization.metadata.into_iter().collect(),
        slug: organization.slug,
        logo_url: organization.logo_url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(paths: &[&str]) -> Vec<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn without_a_mask_what_is_given_is_changed() {
        let wanted = wire::UpdateOrganization { external_id: Some(String::new()), ..Default::default() };
        let change = change(wanted, None).unwrap();
        assert!(change.display_name.is_none() && change.metadata.is_none() && change.slug.is_none());
        assert_eq!(change.external_id, Some(None), "an empty text takes away");
    }

    #[test]
    fn a_mask_says_what_is_meant() {
        let wanted = wire::UpdateOrganization {
            display_name: Some("Other".into()),
            slug: Some("other".into()),
            ..Default::default()
        };
        let made = change(wanted.clone(), Some(&named(&["slug", "metadata"]))).unwrap();
        assert_eq!((made.display_name, made.slug), (None, Some(Some("other".into()))));
        assert_eq!(made.metadata, Some(std::collections::BTreeMap::new()));
        assert!(change(wanted, Some(&named(&["settings"]))).is_err());
        assert!(change(wire::UpdateOrganization::default(), Some(&named(&["display_name"]))).is_err());
    }
}
