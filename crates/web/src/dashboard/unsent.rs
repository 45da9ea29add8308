//! Forms that could not be taken, because nobody is signed in any more or somebody else is: what was typed is not lost. It
//! goes with the page to sign in on, and is sent again by a button once somebody is signed in. Secrets are typed again.

use super::forms::{self, FORM, Fields, SIGN_IN};
use super::pages::{SignIn, Unsent};
use crate::web::MAX_FORM;
use crate::{Web, large_form};
use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use valetkey_app::entrance::{browsers, sign_on};
use valetkey_domain::Secret;

/// Fields that hold secrets, and what they are called.
const SECRETS: [(&str, &str); 5] = [
    ("client_secret", "Client Secret, or key"),
    ("password", "Password"),
    ("old", "Your password now"),
    ("new", "New password"),
    ("again", "The same again"),
];

/// The most bytes of a form that go with the page to sign in on.
const MOST: usize = 64 * 1024;
/// The most bytes of what is sent to sign in: such a form, encoded once more, beside name and password.
pub(super) const MAX_SIGN_IN: usize = 3 * MOST + MAX_FORM;

/// The page to sign in on, with the form that nobody was signed in for when its head came. Anybody can send such a one, so
/// only a few are read at a time, and no more of one than goes along.
pub(super) async fn of_nobody(web: &Web, parts: &Parts, kind: Option<&str>, body: Body) -> Response {
    let form = large_form::in_time(web, large_form::peer(parts), forms::read(kind, body, MOST)).await.flatten();
    signed_out(web, parts, form)
}

/// The page to sign in on, with the form.
pub(super) fn signed_out(web: &Web, parts: &Parts, form: Option<Fields>) -> Response {
    let kept = form.map(|form| encoded(&form)).filter(|kept| kept.len() <= MOST);
    let wrong = Some(match kept {
        Some(_) => {
            "You were signed out before this form arrived, and nothing was changed. Sign in, and it goes on.".to_owned()
        }
        None => {
            "You were signed out before this form arrived, and nothing was changed. It could not be kept here: sign in \
                 in another window, then go back to the page before this one and send it again."
                .to_owned()
        }
    });
    let next = Some(parts.uri.path().to_owned());
    let mut answer = web.form(SIGN_IN, &parts.headers, |token| SignIn {
        token,
        next,
        kept: kept.unwrap_or_default(),
        provider: sign_on::offered(&web.app),
        wrong,
        ..SignIn::default()
    });
    *answer.status_mut() = StatusCode::UNAUTHORIZED;
    answer
}

/// Everything but secrets, of which only the names go along.
fn encoded(form: &Fields) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form.pairs().iter().filter(|(name, _)| name != "token") {
        let secret = SECRETS.iter().any(|(of, _)| of == name);
        text.append_pair(name, if secret { "" } else { value });
    }
    text.finish()
}

/// The page that sends the form again: it was shown to another session of this browser.
pub(super) fn of_another_session(web: &Web, parts: &Parts, cookie: &Secret<str>, form: &Fields) -> Response {
    web.page(&page(parts.uri.path(), cookie, form, StatusCode::FORBIDDEN), &parts.headers)
}

/// The same, for somebody who has just signed in and had sent it before.
pub(super) fn again(web: &Web, asked: &HeaderMap, (to, kept): (&str, &str), cookie: &Secret<str>) -> Response {
    web.page(&page(to, cookie, &Fields::parse(kept.as_bytes()), StatusCode::OK), asked)
}

fn page(to: &str, cookie: &Secret<str>, form: &Fields, status: StatusCode) -> Unsent {
    let is_secret = |name: &str| SECRETS.iter().any(|(of, _)| *of == name);
    let plain = form.pairs().iter().filter(|(name, _)| name != "token" && !is_secret(name));
    Unsent {
        to: to.to_owned(),
        token: browsers::form_token(cookie, FORM),
        fields: plain.cloned().collect(),
        secrets: SECRETS.into_iter().filter(|(name, _)| form.has(name)).collect(),
        status: status.as_u16(),
    }
}
