//! Refusals in Google's form. The vendor's page stands where Google puts such links: a `google.rpc.Help` detail
//! (<https://google.aip.dev/193>), so that a client written for Google sees nothing strange.

use crate::cite;
use crate::json::put;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use valetkey_vendor::{Misfit, Operation};

/// One refusal of an API.
#[derive(Debug)]
pub(crate) struct ApiError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    code: u16,
    /// The canonical name, `INVALID_ARGUMENT`.
    status: &'static str,
    domain: &'static str,
    reason: &'static str,
    message: String,
    /// What `errors[0].message` says where it differs.
    short: Option<&'static str>,
    /// `parameter` or `header`, and its name.
    location: Option<(&'static str, String)>,
    page: String,
    /// More details in the form of google.rpc.
    detail: Option<Value>,
    /// The `WWW-Authenticate` header.
    challenge: Option<String>,
}

const REALM: &str = "Bearer realm=\"https://accounts.google.com/\"";

impl ApiError {
    fn new(code: u16, reason: &'static str, message: impl Into<String>, page: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            status: canonical(code),
            domain: "global",
            reason,
            message: message.into(),
            short: None,
            location: None,
            page: page.into(),
            detail: None,
            challenge: None,
        }))
    }

    /// A 400 about a value.
    pub(crate) fn invalid(message: impl Into<String>, page: impl Into<String>) -> Self {
        Self::new(400, "invalidArgument", message, page)
    }

    /// A 400 of Calendar's, with its own reason.
    pub(crate) fn calendar(reason: &'static str, message: impl Into<String>, page: &str) -> Self {
        Self::new(400, reason, message, page)
    }

    /// The same, said of a parameter.
    pub(crate) fn at(mut self, parameter: &str) -> Self {
        self.0.location = Some(("parameter", parameter.to_owned()));
        self
    }

    /// The same in another domain than `global`.
    pub(crate) fn in_domain(mut self, domain: &'static str) -> Self {
        self.0.domain = domain;
        self
    }

    /// No `Authorization` header.
    pub(crate) fn no_credentials() -> Self {
        let said = "Request is missing required authentication credential. Expected OAuth 2 access token.";
        Self::credentials("required", "Login Required.", said, REALM.to_owned())
    }

    /// A token that is unknown, expired or revoked.
    pub(crate) fn bad_credentials() -> Self {
        let said = "Request had invalid authentication credentials. Expected OAuth 2 access token.";
        Self::credentials("authError", "Invalid Credentials", said, format!("{REALM}, error=\"invalid_token\""))
    }

    fn credentials(reason: &'static str, short: &'static str, said: &str, challenge: String) -> Self {
        let mut error = Self::new(401, reason, said, cite::BEARER);
        error.0.short = Some(short);
        error.0.location = Some(("header", "Authorization".to_owned()));
        error.0.challenge = Some(challenge);
        error
    }

    /// None of the operation's scopes was granted.
    pub(crate) fn insufficient_scopes(operation: &Operation) -> Self {
        let (service, page) = match operation.id.split('.').next() {
            Some("gmail") => ("gmail.googleapis.com", cite::GMAIL_SCOPES),
            Some("people") => ("people.googleapis.com", cite::PEOPLE_CONTACTS),
            Some("calendar") => ("calendar-json.googleapis.com", cite::CALENDAR_SCOPES),
            Some("drive") => ("drive.googleapis.com", cite::DRIVE_SCOPES),
            Some("driveactivity") => ("driveactivity.googleapis.com", cite::DRIVE_ACTIVITY),
            _ => ("oauth2.googleapis.com", cite::SCOPES),
        };
        let message = "Request had insufficient authentication scopes.";
        let mut error = Self::new(403, "insufficientPermissions", message, page);
        error.0.short = Some("Insufficient Permission");
        error.0.detail = Some(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "domain": "googleapis.com",
            "metadata": {"service": service, "method": operation.id},
        }));
        let scopes = operation.scopes.join(" ");
        error.0.challenge = Some(format!("{REALM}, error=\"insufficient_scope\", scope=\"{scopes}\""));
        error
    }

    /// Allowed by scope, forbidden all the same.
    pub(crate) fn forbidden(reason: &'static str, message: impl Into<String>, page: impl Into<String>) -> Self {
        Self::new(403, reason, message, page)
    }

    /// No API of this lab has such a path.
    pub(crate) fn no_such_path() -> Self {
        let said = "The requested URL was not found: it is no operation of the descriptions that this lab plays.";
        Self::new(404, "notFound", said, cite::GMAIL_ERRORS)
    }

    /// No such message, thread, event...
    pub(crate) fn not_found(message: impl Into<String>, page: impl Into<String>) -> Self {
        Self::new(404, "notFound", message, page)
    }

    /// The identifier is taken.
    pub(crate) fn duplicate() -> Self {
        Self::new(409, "duplicate", "The requested identifier already exists.", cite::CALENDAR_ERRORS)
    }

    /// A name is taken.
    pub(crate) fn conflict(message: impl Into<String>, page: impl Into<String>) -> Self {
        let mut error = Self::new(409, "aborted", message, page);
        error.0.status = "ABORTED";
        error
    }

    /// It was there and was deleted.
    pub(crate) fn gone() -> Self {
        Self::new(410, "deleted", "Resource has been deleted", cite::CALENDAR_ERRORS)
    }

    /// The `If-Match` header names another version.
    pub(crate) fn changed_since() -> Self {
        let mut error = Self::new(412, "conditionNotMet", "Precondition Failed", cite::CALENDAR_ETAGS);
        error.0.location = Some(("header", "If-Match".to_owned()));
        error
    }

    /// The request does not fit the vendor's description.
    pub(crate) fn misfits(misfits: &[Misfit], page: String) -> Self {
        let said: Vec<String> = misfits.iter().map(ToString::to_string).collect();
        let violations: Vec<Value> =
            misfits.iter().map(|misfit| json!({"field": misfit.at, "description": misfit.why})).collect();
        let missing = misfits.iter().all(|misfit| misfit.why == "is missing");
        let reason = if missing { "required" } else { "badRequest" };
        let mut error = Self::new(400, reason, format!("Invalid request: {}.", said.join("; ")), page);
        error.0.detail =
            Some(json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}));
        error
    }

    /// The body is no JSON.
    pub(crate) fn parse_error(why: &str, page: String) -> Self {
        Self::new(400, "parseError", format!("Invalid JSON payload received. {why}"), page)
    }

    /// A value that GitHub does not take, by its code for why.
    pub(crate) fn validation(resource: &str, field: &str, code: &str, page: &str) -> Self {
        let mut error = Self::new(422, "invalid", "Validation Failed", page);
        error.0.detail = Some(json!([{"resource": resource, "field": field, "code": code}]));
        error
    }

    /// Known to the vendor, not to this lab.
    pub(crate) fn not_played(operation: &str) -> Self {
        let said = format!("{} has {operation}; this lab does not play it.", vendor(operation));
        Self::new(501, "notImplemented", said, cite::reference(operation))
    }

    /// A parameter that the vendor takes and this lab does not play.
    pub(crate) fn unplayed_parameter(operation: &str, name: &str) -> Self {
        let said = format!("{} takes {name} for {operation}; this lab does not play it.", vendor(operation));
        Self::new(501, "notImplemented", said, cite::reference(operation)).at(name)
    }

    /// The same of the parameters that every operation takes.
    pub(crate) fn unplayed_system_parameter(name: &str) -> Self {
        let said =
            format!("This lab answers whole JSON to a bearer header only; it does not play this value of {name}.");
        Self::new(501, "notImplemented", said, cite::SYSTEM_PARAMETERS).at(name)
    }

    /// Scripted: too many requests.
    pub(crate) fn rate_limited(status: u16) -> Self {
        let error = Self::new(status, "rateLimitExceeded", "Rate Limit Exceeded", crate::cite::GMAIL_ERRORS);
        error.in_domain("usageLimits")
    }

    /// Scripted: a failure of the provider.
    pub(crate) fn backend(status: u16) -> Self {
        Self::new(status.clamp(500, 599), "backendError", "Backend Error", crate::cite::GMAIL_ERRORS)
    }

    /// The same in GitHub's form
    /// (<https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api>).
    pub(crate) fn at_github(self) -> Response {
        let Parts { code, message, page, detail, .. } = *self.0;
        // What does not fit the description is a change that GitHub cannot make of it.
        let misfit = detail.as_ref().is_some_and(Value::is_object);
        let (code, message, page) = match code {
            401 => (401, "Bad credentials".to_owned(), cite::GITHUB_AUTHENTICATION.to_owned()),
            400 if misfit => (422, message, page),
            other => (other, message, page),
        };
        let mut body = json!({"message": message, "documentation_url": page, "status": code.to_string()});
        if let Some(errors) = detail.filter(Value::is_array) {
            put(&mut body, "errors", errors);
        }
        (StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Json(body)).into_response()
    }

    fn body(&self) -> Value {
        let Parts { code, status, domain, reason, message, short, location, page, detail, .. } = &*self.0;
        let mut first = json!({"message": short.unwrap_or(message), "domain": domain, "reason": reason});
        if let Some((kind, name)) = location {
            put(&mut first, "locationType", *kind);
            put(&mut first, "location", name.as_str());
        }
        let help = json!({
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [{"description": "The vendor's page that says so", "url": page}],
        });
        let details: Vec<Value> = detail.iter().cloned().chain([help]).collect();
        json!({"error": {"code": code, "message": message, "errors": [first], "status": status, "details": details}})
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.body())).into_response();
        if let Some(challenge) = self.0.challenge.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// A failure of the lab itself within an operation.
impl From<crate::Error> for ApiError {
    fn from(error: crate::Error) -> Self {
        Self::new(500, "labFailure", error.to_string(), crate::cite::GMAIL_ERRORS)
    }
}

/// Whose operation it is: GitHub's names have a slash.
fn vendor(operation: &str) -> &'static str {
    if operation.contains('/') { "GitHub" } else { "Google" }
}

fn canonical(code: u16) -> &'static str {
    match code {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ALREADY_EXISTS",
        410 | 412 => "FAILED_PRECONDITION",
        429 => "RESOURCE_EXHAUSTED",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    }
}
