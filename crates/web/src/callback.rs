//! `/sso/v1/oauth/{connection}/callback`: where the provider sends a person back. Whatever comes of it, the browser
//! goes on to an address without code or state, so that neither stays in its history, and a reload repeats nothing.

use crate::pages::NoticeKind;
use crate::{Web, answers};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use valetkey_app::consent::{self, Callback};
use valetkey_domain::id::ConnectionId;

/// What a provider sends (RFC 6749, section 4.1.2; `iss` is RFC 9207's). A parameter that comes twice is refused.
#[derive(Deserialize)]
pub(crate) struct Answer {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    error_uri: Option<String>,
    iss: Option<String>,
}

/// Takes the provider's answer, once.
pub(crate) async fn take(
    State(web): State<Web>,
    Path(connection): Path<String>,
    asked: HeaderMap,
    sent: Result<Query<Answer>, QueryRejection>,
) -> Response {
    let (Ok(connection), Ok(Query(answer))) = (ConnectionId::parse(&connection), sent) else {
        return stopped(&web, NoticeKind::StrayAnswer);
    };
    let browser = web.site.browser(&asked);
    let answer = Callback { session: web.site.session(&asked), ..answer.into() };
    match consent::callback(&web.app, &connection, answer, browser.as_ref()).await {
        Ok(authorization) => web.go(&format!("/connect/done/{authorization}")),
        Err(stop) => stopped(&web, answers::reason(&stop.why)),
    }
}

/// HEAD learns that the address is there. A code is for the person who comes with it.
pub(crate) async fn look() -> Response {
    StatusCode::OK.into_response()
}

fn stopped(web: &Web, said: NoticeKind) -> Response {
    web.go(&format!("/connect/stopped/{}", said.key()))
}

impl From<Answer> for Callback {
    fn from(answer: Answer) -> Self {
        let Answer { code, state, error, error_description, error_uri, iss } = answer;
        let (code, state) = (code.map(Into::into), state.map(Into::into));
        Self { code, state, error, error_description, error_uri, iss, session: None }
    }
}
