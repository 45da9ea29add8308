//! What goes wrong on the way in or in a use case, as both wires show it. gRPC gets the status with its details, REST
//! the JSON of the very same details: [`crate::rest`] makes it from the status, so the two cannot differ.

use crate::cut::{cut, quoted};
use prost::Message;
use prost_reflect::prost_types::Any;
use std::error::Error;
use tonic::{Code, Status};
use valetkey_app::calls::Failed;
use valetkey_domain::Kind;
use valetkey_domain::id::{ExecutionId, RequestId};
use valetkey_proto::google::rpc;
use valetkey_proto::v1::errdetails::validation_error_info::FieldViolation;
use valetkey_proto::v1::errdetails::{ErrorInfo, HelpInfo, RequestInfo, ToolErrorInfo, ValidationErrorInfo, help_info};

/// The type of the one detail. It is not google.rpc.ErrorInfo, whatever the name suggests.
const ERROR_INFO: &str = "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo";

/// What the link is that comes with a tool's failure.
const LINK: &str = "for the user, to sign in or to agree";

/// The most bytes of a message, percent-encoded.
const MESSAGE: usize = 2_400;
/// The most bytes of the violations that a failure lists.
const VIOLATIONS: usize = 1_200;

/// The most bytes of what is said of a tool's failure, percent-encoded. A link of ours behind it is never cut.
const TOOL: usize = 1_500;
/// By this code the SDKs know that they must not call the tool again, whatever the kind.
const TOOL_ERROR: &str = "TOOL_ERROR";
/// The word for a call whose answer can't be given; in the journal it has the one for how it ended.
const NOT_GIVEN: &str = "not_given";

/// A failure that a caller may read.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    code: &'static str,
    pub(crate) message: String,
    violations: Vec<FieldViolation>,
    tool: Option<Box<ToolErrorInfo>>,
    help: Option<HelpInfo>,
    request: Option<RequestId>,
}

impl Failure {
    /// A failure of this kind; the message says what is wrong, where, and what to do.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: kind.name(),
            message: message.into(),
            violations: Vec::new(),
            tool: None,
            help: None,
            request: None,
        }
    }

    /// The request can never work as it stands.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidArgument, message)
    }

    /// A gRPC path that leads nowhere.
    pub(crate) fn no_method(path: &str) -> Self {
        Self::new(Kind::Unimplemented, format!("there is no method {}", quoted(path.trim_start_matches('/'))))
    }

    /// The caller's time is over.
    pub(crate) fn too_late() -> Self {
        Self::new(Kind::DeadlineExceeded, "no answer within the caller's time")
    }

    /// A body beyond the limit.
    pub(crate) fn too_large(most: usize) -> Self {
        Self::new(Kind::ResourceExhausted, format!("a request may have {most} bytes at most"))
    }

    /// The request breaks rules: these, which the message lists, and so many more.
    pub(crate) fn violations(mut violations: Vec<FieldViolation>, more: usize) -> Self {
        let mut room = VIOLATIONS;
        let fits = |violation: &&FieldViolation| {
            let size = violation.field.len() + violation.description.len() + violation.constraint.len();
            let fits = size <= room;
            room = room.saturating_sub(size);
            fits
        };
        let told = violations.iter().take_while(fits).count().max(1);
        let more = more.saturating_add(violations.len().saturating_sub(told));
        violations.truncate(told);
        let mut lines: Vec<_> = violations.iter().map(|v| format!("{} {}", v.field, v.description)).collect();
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        Self { violations, ..Self::invalid(format!("the request breaks a rule: {}", lines.join("; "))) }
    }

    /// What a use case says, in the request of this id if there is one yet. The cause of a defect goes to the log
    /// here, once, under that id, and nowhere else.
    pub(crate) fn from_app(error: &valetkey_app::Error, request: Option<&RequestId>) -> Self {
        if matches!(error.kind(), Kind::Internal | Kind::Unknown) {
            let request = request.map(RequestId::as_str).unwrap_or_default();
            tracing::error!(request, cause = causes(error), "{error}");
        }
        let code = error.code();
        Self { code, request: request.cloned(), ..Self::new(error.kind(), error.message()) }
    }

    /// A tool that was called and did not do it. A link of ours stands in a place of its own too, where no app's words can
    /// come.
    pub(crate) fn of_tool(failed: &Failed) -> Self {
        let link = failed.link_text().map(|said| format!("\n{said}")).unwrap_or_default();
        let said = format!("{}{link}", bounded(&failed.said(), TOOL));
        let tool = ToolErrorInfo {
            execution_id: failed.execution.to_string(),
            tool_error_message: said.clone(),
            tool_error_code: failed.why.as_str().into(),
        };
        let help = failed
            .link
            .as_ref()
            .map(|link| HelpInfo { links: vec![help_info::Link { description: LINK.into(), url: link.url.clone() }] });
        Self { code: TOOL_ERROR, tool: Some(Box::new(tool)), help, ..Self::new(failed.why.kind(), said) }
    }

    /// What hinders the answer of a tool's call that has begun, unless it is the tool's own failure already.
    pub(crate) fn of_call(self, execution: &ExecutionId) -> Self {
        if self.tool.is_some() {
            return self;
        }
        let goes_on = ": the call has begun, so look at the app before you repeat it";
        let late = if self.kind == Kind::DeadlineExceeded { goes_on } else { "" };
        let said = bounded(&format!("{}{late}", self.message), TOOL);
        let tool = ToolErrorInfo {
            execution_id: execution.to_string(),
            tool_error_message: said.clone(),
            tool_error_code: NOT_GIVEN.into(),
        };
        Self { code: TOOL_ERROR, message: said, tool: Some(Box::new(tool)), ..self }
    }

    /// The same, saying which request it was.
    pub(crate) fn of(self, request: &RequestId) -> Self {
        Self { request: Some(request.clone()), ..self }
    }

    /// The same, with this before its message.
    pub(crate) fn led_by(self, words: &str) -> Self {
        Self { message: format!("{words}: {}", self.message), ..self }
    }

    fn info(self) -> ErrorInfo {
        let serving = |id: RequestId| RequestInfo { request_id: id.into(), serving_data: String::new() };
        let broken = !self.violations.is_empty();
        ErrorInfo {
            error_code: self.code.into(),
            help_info: self.help,
            request_info: self.request.map(serving),
            tool_error_info: self.tool.map(|tool| *tool),
            validation_error_info: broken.then_some(ValidationErrorInfo { field_violations: self.violations }),
            ..ErrorInfo::default()
        }
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let (code, message) = (failure.kind.grpc(), bounded(&failure.message, MESSAGE));
        let detail = Any { type_url: ERROR_INFO.into(), value: failure.info().encode_to_vec() };
        let envelope = rpc::Status { code, message: message.clone(), details: vec![detail] };
        Self::with_details(Code::from_i32(code), message, envelope.encode_to_vec().into())
    }
}

/// A message that fits where it goes: on gRPC it is sent twice in headers, once percent-encoded, and clients take no
/// more than 8 KB of those.
fn bounded(message: &str, most: usize) -> String {
    let mut room = most;
    let end = message.char_indices().find(|(_, c)| {
        let size = if c.is_ascii_alphanumeric() || "-_.,:;'()[]/=".contains(*c) { 1 } else { 3 * c.len_utf8() };
        let full = size > room;
        room = room.saturating_sub(size);
        full
    });
    end.map_or_else(|| message.to_owned(), |(end, _)| cut(message, end).into_owned())
}

/// The chain of causes, for the log.
fn causes(error: &dyn Error) -> String {
    let mut told = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        told.push(cause.to_string());
        next = cause.source();
    }
    told.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use valetkey_app::calls::FailureReason;
    use valetkey_app::consent::Link;

    #[test]
    fn details_are_byte_for_byte_what_the_sdk_reads() {
        let status = Status::from(Failure::new(Kind::NotFound, "not found"));
        assert_eq!((status.code(), status.message()), (Code::NotFound, "not found"));
        assert_eq!(
            BASE64_STANDARD.encode(status.details()),
            "CAUSCW5vdCBmb3VuZBpMCjR0eXBlLmdvb2dsZWFwaXMuY29tL3NjYWxla2l0LnYxLmVycmRldGFpbHMuRXJyb3JJbmZvEhQKElJFU09V\
             UkNFX05PVF9GT1VORA=="
        );
    }

    fn tool_failure(why: FailureReason, message: &str) -> Failed {
        let url = format!("https://agents.example.com/connect/{}", "x".repeat(100));
        let link = Link { url, expires_at: "2026-11-28T12:00:00Z".parse().unwrap() };
        let execution = ExecutionId::parse("exec_01jdtq2vk5m3c8x9y0z1a2b3c4").unwrap();
        Failed {
            why,
            message: message.to_owned(),
            link: Some(link),
            questions: None,
            lacks: None,
            retry_after: None,
            execution,
        }
    }

    #[test]
    fn a_tools_failure_says_which_call_and_that_it_was_a_tools() {
        for (why, code) in [
            (FailureReason::NotConnected, Code::Unauthenticated),
            (FailureReason::MissingScope, Code::PermissionDenied),
            (FailureReason::RateLimited, Code::ResourceExhausted),
            (FailureReason::App, Code::Unknown),
        ] {
            let status = Status::from(Failure::of_tool(&tool_failure(why, "why")));
            let envelope = rpc::Status::decode(status.details()).unwrap();
            let info = ErrorInfo::decode(envelope.details[0].value.as_slice()).unwrap();
            let (tool, links) = (info.tool_error_info.unwrap(), info.help_info.unwrap().links);
            assert_eq!((status.code(), info.error_code.as_str()), (code, "TOOL_ERROR"));
            assert_eq!(
                (tool.execution_id.as_str(), tool.tool_error_code.as_str()),
                ("exec_01jdtq2vk5m3c8x9y0z1a2b3c4", why.as_str())
            );
            assert_eq!(
                (tool.tool_error_message.as_str(), envelope.message.as_str()),
                (status.message(), status.message())
            );
            assert!(links.len() == 1 && links[0].url.starts_with("https://agents.example.com/connect/"), "{links:?}");
            assert!(status.message().starts_with("why\nLink for the user: https://agents.example.com/connect/"));
        }
    }

    #[test]
    fn what_hinders_a_calls_answer_is_the_calls_and_a_tools_own_failure_stays_as_it_is() {
        let execution = ExecutionId::parse("exec_01jdtq2vk5m3c8x9y0z1a2b3c5").unwrap();
        let late = Failure::too_late().of_call(&execution);
        assert_eq!(late.kind, Kind::DeadlineExceeded);
        assert!(
            late.message.contains("the call has begun, so look at the app before you repeat it"),
            "{}",
            late.message
        );
        let info = late.info();
        let tool = info.tool_error_info.unwrap();
        assert_eq!((info.error_code.as_str(), tool.execution_id.as_str()), ("TOOL_ERROR", execution.as_str()));
        let own = Failure::of_tool(&tool_failure(FailureReason::App, "why")).of_call(&execution).info();
        assert_eq!(own.tool_error_info.unwrap().execution_id, "exec_01jdtq2vk5m3c8x9y0z1a2b3c4");
    }

    #[test]
    fn headers_are_percent_encoded_and_unpadded() {
        let status = Status::from(Failure::invalid("naïve 100%"));
        let headers = status.into_http::<()>().into_parts().0.headers;
        assert_eq!(headers["grpc-status"], "3");
        assert_eq!(headers["grpc-message"], "na%C3%AFve%20100%25");
        assert!(!headers["grpc-status-details-bin"].to_str().unwrap().ends_with('='));
    }

    #[test]
    fn attack_78_no_error_is_larger_than_a_client_takes_of_headers() {
        let sizes = |failure: Failure| {
            let headers = Status::from(failure).into_http::<()>().into_parts().0.headers;
            headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum::<usize>()
        };
        for text in ["x", " ", "%", "é", "\u{1F511}", "\0", "\n"] {
            let long = text.repeat(1_000_000);
            let wide = text.repeat(200);
            let violation = FieldViolation { field: wide.clone(), description: wide, constraint: "min_len".into() };
            let whole = Failure { message: long.clone(), ..Failure::violations(vec![violation; 10], 5) };
            assert!(sizes(whole) < 8_000, "{text:?}");
            let error = valetkey_app::Error::not_found("MCP config", long);
            assert!(sizes(Failure::from_app(&error, None)) < 8_000, "{text:?}");
            let failed = tool_failure(FailureReason::NotConnected, &text.repeat(1_000_000));
            let status = Status::from(Failure::of_tool(&failed));
            assert!(status.message().contains(&failed.link.as_ref().unwrap().url), "{status:?}");
            assert!(sizes(Failure::of_tool(&failed)) < 8_000, "{text:?}");
        }
        assert_eq!(Status::from(Failure::invalid("short é")).message(), "short é");
    }

    #[test]
    fn violations_are_named_in_the_message_and_in_the_details() {
        let violation = FieldViolation {
            field: "config.name".into(),
            description: "must have 1 character at least".into(),
            constraint: "min_len".into(),
        };
        let status = Status::from(Failure::violations(vec![violation.clone()], 0));
        assert_eq!(status.message(), "the request breaks a rule: config.name must have 1 character at least");
        let envelope = rpc::Status::decode(status.details()).unwrap();
        let info = ErrorInfo::decode(envelope.details[0].value.as_slice()).unwrap();
        assert_eq!(info.validation_error_info.unwrap().field_violations, [violation]);
    }
}
