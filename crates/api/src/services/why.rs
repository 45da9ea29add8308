//! WhyService: why a call does not work. It is not of the vendor's contract.

use super::serve::serve;
use super::shared::{id, non_empty};
use tonic::{Request, Response, Status};
use valetkey_app::insight::why::{self, Question, Remedy, RemedyPlace, Step};
use valetkey_app::{App, Error, Result};
use valetkey_domain::id::{AccountId, InstanceId};
use valetkey_domain::name::Identifier;
use valetkey_domain::{Ctx, Secret};
use valetkey_proto::v1::own as wire;
use valetkey_proto::v1::own::why_service_server::WhyService;

/// The service.
pub(super) struct Why(pub(super) App);

#[tonic::async_trait]
impl WhyService for Why {
    async fn explain_call(
        &self,
        request: Request<wire::ExplainCallRequest>,
    ) -> std::result::Result<Response<wire::ExplainCallResponse>, Status> {
        serve(&self.0, request, explain).await
    }
}

async fn explain(app: &App, ctx: &Ctx, request: wire::ExplainCallRequest) -> Result<wire::ExplainCallResponse> {
    let tool = request.tool_name.clone();
    let found = why::why(app, ctx, question(request)?, Some(&tool)).await?;
    Ok(wire::ExplainCallResponse { works: found.works(), steps: found.steps.into_iter().map(step).collect() })
}

/// What is asked about: one thing, and what belongs to it.
fn question(request: wire::ExplainCallRequest) -> Result<Question> {
    let (account, connection) = (non_empty(request.connected_account_id), non_empty(request.connection_name));
    let (instance, url) = (non_empty(request.instance_id), non_empty(request.mcp_url));
    let (identifier, session) = (non_empty(request.identifier), non_empty(request.session_token));
    if identifier.is_some() && connection.is_none() {
        return Err(Error::invalid("identifier says whose call it is beside connection_name alone: leave it out"));
    }
    if session.is_some() && url.is_none() {
        return Err(Error::invalid("session_token is what an agent sends to mcp_url: leave it out"));
    }
    match (account, connection, instance, url) {
        (Some(account), None, None, None) => Ok(Question::Account(id(AccountId::parse, &account)?)),
        (None, Some(connection), None, None) => {
            let identifier = identifier.ok_or_else(|| Error::invalid("identifier is missing: whose call is it?"))?;
            Ok(Question::User(connection, Identifier::parse(&identifier)?))
        }
        (None, None, Some(instance), None) => Ok(Question::Instance(id(InstanceId::parse, &instance)?)),
        (None, None, None, Some(url)) => Ok(Question::Url(Secret::from(url), session.map(Secret::from))),
        _ => Err(Error::invalid(
            "exactly one of connected_account_id, connection_name (with identifier), instance_id and mcp_url is given",
        )),
    }
}

fn step(step: Step) -> wire::ExplainedStep {
    wire::ExplainedStep {
        part: step.what.label().to_owned(),
        connection_name: step.of,
        state: step.state.as_str().to_owned(),
        message: step.words,
        mend: step.mend.map(mend),
    }
}

fn mend(mend: Remedy) -> wire::CallMend {
    let mut shown = wire::CallMend { message: mend.words, ..wire::CallMend::default() };
    match mend.at {
        RemedyPlace::Link(connection, owner, account) => {
            shown.link = Some(wire::CallMendLink {
                connector: connection.to_string(),
                identifier: owner.identifier.to_string(),
                connected_account_id: account.map(|id| id.to_string()).unwrap_or_default(),
                organization_id: owner.organization.unwrap_or_default(),
                user_id: owner.user.unwrap_or_default(),
            });
        }
        RemedyPlace::Connection(id) => shown.connection_id = id.to_string(),
        RemedyPlace::Config(id) => shown.config_id = id.to_string(),
        RemedyPlace::Instance(id) => shown.instance_id = id.to_string(),
        RemedyPlace::Elsewhere => {}
    }
    shown
}
