//! AgentkitLogsService and AgentkitAnalyticsService: the journal's tool calls.

use super::serve::serve;
use super::shared::{connector, non_empty, page, provider, timestamp};
use tonic::{Request, Response, Status};
use valetkey_app::insight::analytics::{self, Counts};
use valetkey_app::insight::logs::{self, CallStatus, Filter, ToolCall};
use valetkey_app::{App, Error, Result};
use valetkey_domain::{Ctx, Timestamp};
use valetkey_proto::v1::agentkit_logs as wire;
use valetkey_proto::v1::agentkit_logs::agentkit_analytics_service_server::AgentkitAnalyticsService;
use valetkey_proto::v1::agentkit_logs::agentkit_logs_service_server::AgentkitLogsService;
use valetkey_proto::well_known;

/// How many calls a page has when the caller doesn't say.
const PAGE: u32 = 20;

/// The logs' service.
pub(super) struct Logs(pub(super) App);

/// The sums' service.
pub(super) struct Analytics(pub(super) App);

#[tonic::async_trait]
impl AgentkitLogsService for Logs {
    async fn list_tool_call_logs(
        &self,
        request: Request<wire::ListToolCallLogsRequest>,
    ) -> std::result::Result<Response<wire::ListToolCallLogsResponse>, Status> {
        serve(&self.0, request, list).await
    }

    async fn get_tool_call_log(
        &self,
        request: Request<wire::GetToolCallLogRequest>,
    ) -> std::result::Result<Response<wire::ToolCallLog>, Status> {
        serve(&self.0, request, get).await
    }
}

#[tonic::async_trait]
impl AgentkitAnalyticsService for Analytics {
    async fn get_overview_stats(
        &self,
        request: Request<wire::GetOverviewStatsRequest>,
    ) -> std::result::Result<Response<wire::OverviewStats>, Status> {
        serve(&self.0, request, overview).await
    }
}

async fn list(app: &App, ctx: &Ctx, request: wire::ListToolCallLogsRequest) -> Result<wire::ListToolCallLogsResponse> {
    let filter = Filter {
        from: instant("start_time", request.start_time)?,
        to: instant("end_time", request.end_time)?,
        statuses: request.status,
        codes: Vec::new(),
        connectors: connectors(app, &request.provider),
        sources: request.source,
        connection: request.connection_id.and_then(non_empty),
        connection_name: request.connection_name.and_then(non_empty),
        account: request.connected_account_id.and_then(non_empty),
        identifier: request.identifier.and_then(non_empty),
        run: request.agent_run_id.and_then(non_empty),
    };
    let listed = logs::list(app, ctx, filter, &page(request.page_size, request.page_token, PAGE)).await?;
    Ok(wire::ListToolCallLogsResponse {
        tool_call_logs: listed.items.iter().map(|call| log(app, ctx, call)).collect(),
        next_page_token: listed.next.unwrap_or_default(),
        total_size: i64::try_from(listed.total).unwrap_or(i64::MAX),
        prev_page_token: listed.previous.unwrap_or_default(),
    })
}

async fn get(app: &App, ctx: &Ctx, request: wire::GetToolCallLogRequest) -> Result<wire::ToolCallLog> {
    let call = logs::get(app, ctx, &request.execution_id).await?;
    Ok(log(app, ctx, &call))
}

async fn overview(app: &App, ctx: &Ctx, request: wire::GetOverviewStatsRequest) -> Result<wire::OverviewStats> {
    let filter = Filter {
        from: instant("start_time", request.start_time)?,
        to: instant("end_time", request.end_time)?,
        statuses: request.status,
        codes: request.error_code,
        connectors: connectors(app, &request.provider),
        sources: request.source,
        connection_name: request.connection_name.and_then(non_empty),
        ..Filter::default()
    };
    let found = analytics::overview(app, ctx, filter).await?;
    let code = |(code, count): (String, i64)| wire::ErrorCodeCount { error_code: code.to_ascii_uppercase(), count };
    Ok(wire::OverviewStats {
        total: found.all.total(),
        success: found.all.success,
        errors: found.all.errors(),
        provider_errors: found.all.provider_errors,
        platform_errors: found.all.platform_errors,
        top_error_codes: found.codes.into_iter().map(code).collect(),
        connector_breakdown: found.connectors.iter().map(|(name, counts)| of_connector(app, name, counts)).collect(),
        time_series: found.parts.iter().map(|(begin, counts)| part(*begin, found.part_seconds, counts)).collect(),
    })
}

fn of_connector(app: &App, name: &str, counts: &Counts) -> wire::ConnectorStat {
    wire::ConnectorStat {
        provider: provider(app, name),
        total: counts.total(),
        success: counts.success,
        errors: counts.errors(),
        provider_errors: counts.provider_errors,
        platform_errors: counts.platform_errors,
    }
}

fn part(begin: Timestamp, seconds: i64, counts: &Counts) -> wire::TimeSeriesBucket {
    wire::TimeSeriesBucket {
        bucket: Some(timestamp(begin)),
        total: counts.total(),
        success: counts.success,
        errors: counts.errors(),
        bucket_duration_seconds: seconds,
        provider_errors: counts.provider_errors,
        platform_errors: counts.platform_errors,
    }
}

/// A call as it is shown. What an app said when it failed is not kept, so the message is ours.
fn log(app: &App, ctx: &Ctx, call: &ToolCall) -> wire::ToolCallLog {
    let outcome = logs::text(call, "outcome");
    let status = CallStatus::of(outcome);
    let (tier, code) = match status {
        CallStatus::Success => ("", String::new()),
        CallStatus::ProviderError => ("provider", outcome.to_ascii_uppercase()),
        CallStatus::PlatformError => ("platform", outcome.to_ascii_uppercase()),
    };
    let took = logs::duration(call);
    let started = call.record.at.checked_sub(took).unwrap_or(call.record.at);
    wire::ToolCallLog {
        id: call.record.id.to_string(),
        environment_id: ctx.environment.to_string(),
        execution_id: call.record.subject.clone(),
        agent_run_id: non_empty(logs::text(call, "agent_run").to_owned()),
        tool_name: logs::text(call, "tool").to_owned(),
        provider: provider(app, logs::text(call, "connector")),
        connected_account_id: logs::text(call, "account").to_owned(),
        connection_id: logs::text(call, "connection").to_owned(),
        connection_name: call.connection.clone().unwrap_or_default(),
        identifier: call.identifier.clone().unwrap_or_default(),
        user_id: call.user.clone().unwrap_or_default(),
        organization_id: call.organization.clone().and_then(non_empty),
        source: source(call).to_owned(),
        status: status.as_str().to_owned(),
        error_tier: tier.to_owned(),
        error_code: code,
        error_message: if status == CallStatus::Success { "" } else { logs::message(outcome) }.to_owned(),
        duration_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        started_at: Some(timestamp(started)),
        workspace_id: None,
        agent_id: None,
    }
}

/// The door that a call came through. Earlier versions recorded who called alone, and had two doors.
fn source(call: &ToolCall) -> &str {
    match logs::text(call, "source") {
        "" if call.record.actor.starts_with("instance:") => "MCP",
        "" => "API",
        source => source,
    }
}

fn connectors(app: &App, providers: &[String]) -> Vec<String> {
    providers.iter().map(|provider| connector(app, provider)).collect()
}

fn instant(member: &str, given: Option<well_known::Timestamp>) -> Result<Option<Timestamp>> {
    let read = |given: well_known::Timestamp| {
        Timestamp::new(given.seconds, given.nanos).map_err(|_| Error::invalid(format!("{member} is no instant")))
    };
    given.map(read).transpose()
}
