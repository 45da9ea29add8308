//! EventsService: what happened to connected accounts.

use super::serve::serve;
use super::shared::{non_empty, page, timestamp};
use super::structs;
use tonic::{Request, Response, Status};
use valetkey_app::events::{self, Event, Filter};
use valetkey_app::{App, Error, Listed, Result};
use valetkey_domain::{Ctx, Timestamp};
use valetkey_proto::v1::events as wire;
use valetkey_proto::v1::events::events_service_server::EventsService;
use valetkey_proto::well_known;

/// How many events a page has when the caller doesn't say.
const PAGE: u32 = 10;

/// The version of the envelope.
const SPEC_VERSION: &str = "1";

/// The service.
pub(super) struct Events(pub(super) App);

#[tonic::async_trait]
impl EventsService for Events {
    async fn list_events_paginated(
        &self,
        request: Request<wire::ListEventsPaginatedRequest>,
    ) -> std::result::Result<Response<wire::ListEventsPaginatedResponse>, Status> {
        serve(&self.0, request, list).await
    }
}

async fn list(
    app: &App,
    ctx: &Ctx,
    request: wire::ListEventsPaginatedRequest,
) -> Result<wire::ListEventsPaginatedResponse> {
    let asked = request.filter.unwrap_or_default();
    let elsewhere = happens_elsewhere(&asked)?;
    let filter = Filter {
        from: instant("filter.start_time", asked.start_time)?,
        to: instant("filter.end_time", asked.end_time)?,
        kinds: asked.event_types,
        organization: non_empty(asked.organization_id),
        connection: asked.connection_id.and_then(non_empty),
        account: asked.connected_account_id.and_then(non_empty),
    };
    let mut listed = events::list(app, ctx, filter, &page(request.page_size, request.page_token, PAGE)).await?;
    if elsewhere {
        listed = Listed { items: Vec::new(), next: None, previous: None, total: 0 };
    }
    Ok(wire::ListEventsPaginatedResponse {
        events: listed.items.iter().map(|event| shown(ctx, event)).collect(),
        next_page_token: listed.next.unwrap_or_default(),
        prev_page_token: listed.previous.unwrap_or_default(),
    })
}

/// Whether only events are wanted that there are none of here: those of a directory, a sign-on or an interceptor.
fn happens_elsewhere(asked: &wire::EventFilter) -> Result<bool> {
    let source = wire::Source::try_from(asked.source).map_err(|_| {
        let all = "0 (any), 1 (SCALEKIT), 2 (DIR_SYNC)";
        Error::invalid(format!("filter.source: there is no {}; there are: {all}", asked.source))
    })?;
    let interceptor = [&asked.interceptor_id, &asked.interceptor_status, &asked.interceptor_decision];
    let intercepted = interceptor.into_iter().flatten().any(|text| !text.is_empty());
    Ok(source == wire::Source::DirSync || !asked.auth_request_id.is_empty() || intercepted)
}

fn shown(ctx: &Ctx, event: &Event) -> wire::ScalekitEvent {
    wire::ScalekitEvent {
        spec_version: SPEC_VERSION.to_owned(),
        id: event.id.to_string(),
        r#type: event.kind.clone(),
        occurred_at: Some(timestamp(event.at)),
        environment_id: ctx.environment.to_string(),
        organization_id: event.organization.clone(),
        object: wire::ObjectType::ConnectedAccount.into(),
        data: Some(structs::of(&event.data)),
        display_name: events::title(event).to_owned(),
    }
}

fn instant(member: &str, given: Option<well_known::Timestamp>) -> Result<Option<Timestamp>> {
    let read = |given: well_known::Timestamp| {
        Timestamp::new(given.seconds, given.nanos).map_err(|_| Error::invalid(format!("{member} is no instant")))
    };
    given.map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_elsewhere_is_not_here() {
        let asked = wire::EventFilter::default;
        assert!(!happens_elsewhere(&asked()).unwrap());
        assert!(!happens_elsewhere(&wire::EventFilter { source: 1, ..asked() }).unwrap());
        assert!(happens_elsewhere(&wire::EventFilter { source: 2, ..asked() }).unwrap());
        assert!(happens_elsewhere(&wire::EventFilter { interceptor_id: Some("int_1".into()), ..asked() }).unwrap());
        assert!(happens_elsewhere(&wire::EventFilter { auth_request_id: "auth_1".into(), ..asked() }).unwrap());
        let refused = happens_elsewhere(&wire::EventFilter { source: 9, ..asked() }).unwrap_err();
        assert!(refused.message().starts_with("filter.source: there is no 9"));
    }
}
