//! How an app's failures are read, and what a model is told about them.

use crate::failure::{Failure, FailureKind};
use crate::file::{ErrorRule, Errors, RateLimit, ScopeHeaders};
use crate::reasons::{self, INSUFFICIENT_SCOPE};
use crate::shape::{Demand, Shape};
use crate::words::quoted;
use http::{HeaderMap, StatusCode, header};
use jiff::fmt::rfc2822::DateTimeParser;
use serde_json::Value;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use valetkey_domain::Timestamp;

/// The longest wait that an app is believed.
const MAX_WAIT: Duration = Duration::from_secs(24 * 3600);

/// Where apps usually say what went wrong.
const SAID: &str = ".error?.message? // .message? // .error_description? // .detail?[0]?.msg? // .detail? \
                    // .errors?[0]?.message? // .errors?[0]? // .error? // .title?";
static USUAL: LazyLock<Option<Arc<Shape>>> = LazyLock::new(|| Shape::compile(SAID).ok().map(Arc::new));

/// The compiled rules of one connector.
#[derive(Debug)]
pub(crate) struct Rules {
    app: String,
    reason: Option<Shape>,
    message: Option<Arc<Shape>>,
    rules: Vec<ErrorRule>,
    scopes: Option<ScopeHeaders>,
    rate_limit: RateLimit,
    retry_in: Option<Shape>,
    /// What is read of every answer.
    demand: Demand,
}

/// What is known of the request that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedRequest {
    /// Whether it may have changed something.
    pub(crate) changes: bool,
    /// When it was asked.
    pub(crate) now: Timestamp,
}

impl Rules {
    /// Compiles the rules of a file.
    ///
    /// # Errors
    /// The shape that does not compile, in words.
    pub(crate) fn compile(app: &str, errors: &Errors, rate_limit: &RateLimit) -> Result<Self, String> {
        let shape = |text: &Option<String>| text.as_deref().map(Shape::compile).transpose().map_err(|e| e.to_string());
        let (reason, message) = (shape(&errors.reason)?, shape(&errors.message)?.map(Arc::new));
        let retry_in = shape(&rate_limit.retry_in)?;
        let demands = [reason.as_ref(), message.as_deref(), retry_in.as_ref()].into_iter().flatten().map(Shape::demand);
        let demand = demands.fold(Demand::default(), |all, one| all.and(&one));
        let (app, rules, rate_limit) = (app.to_owned(), errors.rules.clone(), rate_limit.clone());
        Ok(Self { app, reason, message, rules, scopes: errors.scopes.clone(), rate_limit, retry_in, demand })
    }

    /// Those of an app of which nobody says how it fails: the status decides, and its words are told where apps usually have them.
    #[must_use]
    pub(crate) fn usual(app: &str) -> Self {
        let message = USUAL.clone();
        let demand = message.as_deref().map(Shape::demand).unwrap_or_default();
        let (app, rate_limit) = (app.to_owned(), RateLimit::default());
        Self { app, reason: None, message, rules: Vec::new(), scopes: None, rate_limit, retry_in: None, demand }
    }

    /// What is read of a failed answer.
    pub(crate) const fn demand(&self) -> &Demand {
        &self.demand
    }

    /// What is read of a good answer to tell whether it is a failure all the same: nothing where no rule says so.
    pub(crate) fn demand_of_good(&self) -> Demand {
        let tells = self.rules.iter().flat_map(|rule| &rule.status).any(|status| (200..300).contains(status));
        if tells { self.demand.clone() } else { Demand::default() }
    }

    /// The failure that an answer is; nothing if it is a good one.
    #[must_use]
    pub(crate) fn failure(
        &self,
        asked: FailedRequest,
        status: StatusCode,
        headers: &HeaderMap,
        body: &Value,
    ) -> Option<Failure> {
        // Most apps never fail in a good answer, and nothing has to be looked for there.
        if status.is_success() && !self.rules.iter().any(|rule| rule.status.contains(&status.as_u16())) {
            return None;
        }
        let mut reasons = reasons::in_body(self.reason.as_ref(), body);
        reasons.extend(reasons::in_challenges(headers));
        let says = |rule: &ErrorRule| {
            let words = (!rule.says.is_empty()).then(|| text_at(self.message.as_deref(), body)).flatten();
            rule.says.is_empty() || words.is_some_and(|words| rule.says.iter().any(|begin| words.starts_with(begin)))
        };
        let fits = |rule: &&ErrorRule| applies(&rule.status, &rule.reason, status, &reasons) && says(rule);
        let rule = self.rules.iter().find(fits);
        if status.is_success() && rule.is_none() {
            return None;
        }
        let limit = &self.rate_limit;
        let limited = !limit.status.is_empty() && applies(&limit.status, &limit.reason, status, &reasons);
        let wanted = reasons::scopes_wanted(self.scopes.as_ref(), headers);
        // Who may not see a thing is told that there is none; of what should be changed only the scopes can be meant.
        let uncovered = status == StatusCode::FORBIDDEN || (status == StatusCode::NOT_FOUND && asked.changes);
        let kind = match rule {
            Some(rule) => rule.kind,
            None if limited => FailureKind::RateLimited,
            None if uncovered && wanted.is_some() => FailureKind::MissingScope,
            None if reasons.iter().any(|reason| reason == INSUFFICIENT_SCOPE) => FailureKind::MissingScope,
            None => by_status(status),
        };
        let retry_after = headers.get(&limit.retry_after).and_then(|value| wait(value.to_str().ok()?, asked.now));
        let retry_after = retry_after.or_else(|| reasons::wait(self.retry_in.as_ref(), body).map(|w| w.min(MAX_WAIT)));
        let mut message =
            self.message(kind, status, body, retry_after, asked, rule.and_then(|rule| rule.say.as_deref()));
        if let Some(wanted) = wanted.filter(|_| matches!(kind, FailureKind::MissingScope | FailureKind::NotFound)) {
            let scopes = quoted(&wanted.join(", "));
            message.push_str(&format!(" The sign-in has none of the scopes that this takes: {scopes}."));
        }
        Some(Failure { kind, message, status: Some(status.as_u16()), retry_after })
    }

    /// Whether a rule finds in answers with this status that the sign-in is over.
    #[must_use]
    pub(crate) fn tells_ended(&self, status: StatusCode) -> bool {
        let ended = |rule: &&ErrorRule| rule.kind == FailureKind::Unauthenticated;
        self.rules.iter().filter(ended).any(|rule| rule.status.contains(&status.as_u16()))
    }

    /// The message that an answer has, where the file says where it stands.
    #[must_use]
    pub(crate) fn words(&self, body: &Value) -> Option<String> {
        text_at(self.message.as_deref(), body)
    }

    /// A good answer that has more values, or bytes, than a call may hold.
    #[must_use]
    pub(crate) fn too_much(&self, asked: FailedRequest, status: StatusCode, what: &str, read_on: &str) -> Failure {
        let app = &self.app;
        let message = if asked.changes {
            format!("{app} has done it, and answered more than can be read here. Do not repeat the call.")
        } else {
            let read_on = if read_on.is_empty() { "Ask for less." } else { read_on };
            format!("{app} answered more {what} than can be read at once. {read_on}")
        };
        Failure { status: Some(status.as_u16()), ..Failure::invalid(message) }
    }

    /// An error of GraphQL's for which there is no rule.
    #[must_use]
    pub(crate) fn unruled(&self, asked: FailedRequest, status: StatusCode, body: &Value) -> Failure {
        let kind = FailureKind::Upstream;
        let told = body.pointer("/errors/0/message").and_then(Value::as_str).map(quoted);
        let words =
            told.filter(|words| !words.is_empty()).map(|words| format!(" It said: \"{words}\".")).unwrap_or_default();
        let message =
            format!("{} {} (HTTP {}).{words}{}", self.app, what_happened(kind), status.as_u16(), doubt(asked));
        Failure { kind, message, status: Some(status.as_u16()), retry_after: None }
    }

    /// An answer that cannot be read.
    #[must_use]
    pub(crate) fn nonsense(&self, asked: FailedRequest, status: StatusCode, why: &str) -> Failure {
        let message = format!("{} answered {why} (HTTP {}).{}", self.app, status.as_u16(), doubt(asked));
        Failure { kind: FailureKind::Upstream, message, status: Some(status.as_u16()), retry_after: None }
    }

    fn message(
        &self,
        kind: FailureKind,
        status: StatusCode,
        body: &Value,
        retry_after: Option<Duration>,
        asked: FailedRequest,
        say: Option<&str>,
    ) -> String {
        let words =
            text_at(self.message.as_deref(), body).map(|words| quoted(&words)).filter(|words| !words.is_empty());
        let words = words.map(|words| format!(" It said: \"{words}\".")).unwrap_or_default();
        let what = what_happened(kind);
        let advice = say.map_or_else(|| advice(kind, retry_after, asked), str::to_owned);
        format!("{} {what} (HTTP {}).{words} {advice}", self.app, status.as_u16())
    }
}

/// Status and reason of a rule against those of an answer; a rule that names no reason takes any.
fn applies(statuses: &[u16], reasons: &[String], status: StatusCode, found: &[String]) -> bool {
    let any = reasons.is_empty() || (!found.is_empty() && reasons.iter().any(|reason| reason == "*"));
    statuses.contains(&status.as_u16()) && (any || found.iter().any(|reason| reasons.contains(reason)))
}

fn text_at(shape: Option<&Shape>, body: &Value) -> Option<String> {
    shape?.apply(body).ok()?.as_str().map(str::to_owned)
}

fn by_status(status: StatusCode) -> FailureKind {
    match status.as_u16() {
        400 | 405 | 406 | 411 | 413..=415 | 422 => FailureKind::InvalidInput,
        401 => FailureKind::Unauthenticated,
        402 => FailureKind::UnsupportedPlan,
        403 => FailureKind::Forbidden,
        404 | 410 => FailureKind::NotFound,
        409 | 412 | 423 => FailureKind::Conflict,
        408 | 504 => FailureKind::Timeout,
        429 => FailureKind::RateLimited,
        _ => FailureKind::Upstream,
    }
}

const fn what_happened(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::InvalidInput => "refused these arguments",
        FailureKind::Unauthenticated => "did not accept the user's sign-in",
        FailureKind::MissingScope => "says that the user's consent does not cover this",
        FailureKind::Forbidden => "does not let this user do this",
        FailureKind::NotFound => "has no such thing, or not for this user",
        FailureKind::Conflict => "refused this because of the present state",
        FailureKind::RateLimited => "asks to slow down",
        FailureKind::Upstream => "failed",
        FailureKind::UnsupportedPlan => "does not include this in the user's plan",
        FailureKind::Timeout => "took too long",
    }
}

fn advice(kind: FailureKind, retry_after: Option<Duration>, asked: FailedRequest) -> String {
    match kind {
        FailureKind::InvalidInput => "Correct the arguments and call again.".to_owned(),
        FailureKind::Unauthenticated => "The user has to connect the account again.".to_owned(),
        FailureKind::MissingScope => "The user has to connect the account again and allow it.".to_owned(),
        FailureKind::Forbidden => "Do not repeat the call; tell the user.".to_owned(),
        FailureKind::NotFound => "Check the id, for instance by listing first.".to_owned(),
        FailureKind::Conflict => "Read the present state first, then decide.".to_owned(),
        FailureKind::UnsupportedPlan => "Do not repeat the call; tell the user.".to_owned(),
        FailureKind::RateLimited => match retry_after {
            // How long stands in the failure itself, and whoever shows it says so.
            Some(_) => "Wait before you call again.".to_owned(),
            None => "Call again in a minute.".to_owned(),
        },
        FailureKind::Upstream | FailureKind::Timeout => doubt(asked).trim_start().to_owned(),
    }
}

/// A request that changes something may have been done although it failed.
const fn doubt(asked: FailedRequest) -> &'static str {
    if asked.changes {
        " It may have been done all the same: look before you repeat it."
    } else {
        " The arguments are not the cause; call again later."
    }
}

/// `Retry-After`: seconds, or a date as HTTP writes it (RFC 9110, 10.2.3).
fn wait(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => http_date(value)?.duration_since(now).try_into().unwrap_or_default(),
    };
    Some(wait.min(MAX_WAIT))
}

fn http_date(value: &str) -> Option<Timestamp> {
    let rfc_2822 = value.strip_suffix("GMT").map(|date| format!("{date}+0000"))?;
    DateTimeParser::new().parse_timestamp(rfc_2822).ok()
}

/// Whether a media type is JSON: `application/json`, or any that ends in `+json`.
#[must_use]
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return true };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json") || kind == "text/json"
}

#[cfg(test)]
mod tests;
