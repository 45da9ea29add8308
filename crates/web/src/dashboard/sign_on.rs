//! Signing in at the OpenID provider of the people who run the server, where one is set up.

use super::entrance;
use super::forms::SIGN_IN;
use super::pages::SignIn;
use super::visit::Answer;
use crate::{Web, answers};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use valetkey_app::Error;
use valetkey_app::entrance::sign_on;
use valetkey_domain::{Kind, Secret};

/// What the button sends.
#[derive(Deserialize)]
pub(crate) struct Begin {
    token: Option<String>,
    next: Option<String>,
}

/// What the provider sends the browser back with.
#[derive(Deserialize)]
pub(crate) struct Returned {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// The button: off to the provider.
pub(crate) async fn start(
    State(web): State<Web>,
    asked: HeaderMap,
    sent: Result<Form<Begin>, FormRejection>,
) -> Answer {
    let Ok(Form(Begin { token, next })) = sent else {
        return Err(web.notice(crate::pages::NoticeKind::StaleForm, &asked));
    };
    let Some(browser) = web.owner(&asked, SIGN_IN, token.as_deref()) else {
        return Err(web.notice(crate::pages::NoticeKind::StaleForm, &asked));
    };
    let next = next.filter(|next| entrance::is_ours(next)).unwrap_or_default();
    match sign_on::start(&web.app, &browser, &next).await {
        Ok(provider) => Ok(web.page(&answers::leave(provider), &asked)),
        Err(error) => Err(again(&web, &asked, &error)),
    }
}

/// Back from there.
pub(crate) async fn finish(State(web): State<Web>, Query(returned): Query<Returned>, asked: HeaderMap) -> Answer {
    let Returned { code, state, iss, error } = returned;
    let (code, state) = (code.map(Secret::from), state.map(Secret::from));
    let answer = sign_on::Answer { code, state, issuer: iss, error };
    let browser = web.site.browser(&asked);
    match sign_on::finish(&web.app, browser.as_ref(), answer, &entrance::browser(&asked)).await {
        Ok((fresh, next)) => {
            entrance::welcome(&web, &fresh, Some(next).filter(|next| entrance::is_ours(next)), &asked).await
        }
        Err(error) => Err(again(&web, &asked, &error)),
    }
}

/// The page to sign in on, with why that did not go.
fn again(web: &Web, asked: &HeaderMap, error: &Error) -> Response {
    let status = match error.kind() {
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::NotFound => StatusCode::NOT_FOUND,
        _ => return web.failed(error, asked),
    };
    let wrong = Some(super::sentence::sentence(error.message()));
    let provider = sign_on::offered(&web.app);
    let mut answer = web.form(SIGN_IN, asked, |token| SignIn { token, provider, wrong, ..SignIn::default() });
    *answer.status_mut() = status;
    answer
}
