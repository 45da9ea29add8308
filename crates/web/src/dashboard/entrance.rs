//! Signing in and out.

use super::forms::SIGN_IN;
use super::pages::{Login, SignIn};
use super::visit::{self, Answer, Posted};
use crate::Web;
use crate::large_form::{self, Asked};
use axum::body::Body;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use url::Url;
use valetkey_app::entrance::browsers::Browser;
use valetkey_app::entrance::sign_in::{self, Fresh, SESSION_LIFE};
use valetkey_app::entrance::sign_on;
use valetkey_app::tenancy::environments;
use valetkey_domain::environment::Environment;
use valetkey_domain::{Kind, Secret};

/// What a link's form sends.
#[derive(Deserialize)]
pub(crate) struct Confirm {
    token: Option<String>,
}

/// Where to go on to.
#[derive(Deserialize)]
pub(crate) struct Next {
    next: Option<String>,
}

/// `/`: the first environment's overview.
pub(crate) async fn home(State(web): State<Web>, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    visit::member(&web, &parts).await.map_err(|out| out.answer(&web, &parts))?;
    let first = first(&web).await.map_err(|error| web.failed(&error, &parts.headers))?;
    Ok(web.go(&super::frame::root(&first.name)))
}

async fn first(web: &Web) -> valetkey_app::Result<Environment> {
    environments::ensure_first(&web.app).await
}

/// A one-time link. Looking at it spends nothing: what previews addresses opens them too.
pub(crate) async fn link(State(web): State<Web>, Path(link): Path<String>, asked: HeaderMap) -> Response {
    match sign_in::open_link(&web.app, &link).await {
        Ok(member) => {
            let name = member.name.to_string();
            web.form(&link_form(&link), &asked, |token| Login { token, name: Some(name) })
        }
        Err(error) if error.kind() == Kind::NotFound => web.page(&Login { token: String::new(), name: None }, &asked),
        Err(error) => web.failed(&error, &asked),
    }
}

/// Its button.
pub(crate) async fn by_link(
    State(web): State<Web>,
    Path(link): Path<String>,
    asked: HeaderMap,
    sent: Result<Form<Confirm>, FormRejection>,
) -> Answer {
    let token = sent.ok().and_then(|Form(confirm)| confirm.token);
    let Some(owner) = web.owner(&asked, &link_form(&link), token.as_deref()) else {
        return Err(web.notice(crate::pages::NoticeKind::StaleForm, &asked));
    };
    match sign_in::sign_in_by_link(
        &web.app,
        &link,
        &Browser { name: &browser(&asked), secret: Some(&owner), mark: None },
    )
    .await
    {
        Ok(fresh) => welcome(&web, &fresh, None, &asked).await,
        Err(error) if error.kind() == Kind::NotFound => {
            Err(web.page(&Login { token: String::new(), name: None }, &asked))
        }
        Err(error) => Err(web.failed(&error, &asked)),
    }
}

/// The page to sign in on.
pub(crate) async fn ask(State(web): State<Web>, Query(query): Query<Next>, asked: HeaderMap) -> Response {
    let next = query.next.filter(|next| is_ours(next));
    let provider = sign_on::offered(&web.app);
    web.form(SIGN_IN, &asked, |token| SignIn { token, next, provider, ..SignIn::default() })
}

/// Name and password.
pub(crate) async fn by_password(State(web): State<Web>, asked: Asked, body: Body) -> Answer {
    let read = large_form::read(&web, &asked, body, super::unsent::MAX_SIGN_IN).await;
    let asked = asked.headers;
    let sent = read.map_err(|said| web.notice(said, &asked))?;
    let [token, name, password, next, kept] = ["token", "name", "password", "next", "kept"].map(|wanted| {
        let found = sent.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone())
    });
    let Some(owner) = web.owner(&asked, SIGN_IN, token.as_deref()) else {
        return Err(web.notice(crate::pages::NoticeKind::StaleForm, &asked));
    };
    let (called, mark) = (browser(&asked), web.site.mark(&asked));
    let at = Browser { name: &called, secret: Some(&owner), mark: mark.as_ref() };
    let (name, password) = (name.unwrap_or_default(), Secret::from(password.unwrap_or_default().as_str()));
    let next = next.filter(|next| is_ours(next));
    match sign_in::sign_in_by_password(&web.app, name.trim(), &password, &at).await {
        Ok(fresh) => match (next, kept.filter(|kept| !kept.is_empty())) {
            (Some(to), Some(kept)) => {
                let answer = super::unsent::again(&web, &asked, (&to, &kept), &fresh.cookie);
                Ok(with_session(&web, &fresh, answer))
            }
            (next, _) => welcome(&web, &fresh, next, &asked).await,
        },
        Err(error) if matches!(error.kind(), Kind::Unauthenticated | Kind::ResourceExhausted) => {
            let status = match error.kind() {
                Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
                _ => StatusCode::TOO_MANY_REQUESTS,
            };
            let wrong = Some(super::sentence::sentence(error.message()));
            let mut answer = web.form(SIGN_IN, &asked, |token| {
                let kept = kept.unwrap_or_default();
                SignIn { token, next, kept, name, wrong, provider: sign_on::offered(&web.app) }
            });
            *answer.status_mut() = status;
            Err(answer)
        }
        Err(error) => Err(web.failed(&error, &asked)),
    }
}

/// Out again, here.
pub(crate) async fn sign_out(Posted { visit, .. }: Posted) -> Answer {
    let ended = sign_in::end(&visit.web.app, &visit.who, &visit.who.session.id).await;
    ended.map_err(|error| visit.fail(&error))?;
    let mut answer = visit.web.go("/sign-in");
    if let Some(cookie) = visit.web.site.end_session() {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(answer)
}

fn link_form(link: &str) -> String {
    format!("login {link}")
}

pub(super) async fn welcome(web: &Web, fresh: &Fresh, next: Option<String>, asked: &HeaderMap) -> Answer {
    let first = first(web).await.map_err(|error| web.failed(&error, asked))?;
    Ok(with_session(web, fresh, web.go(&next.unwrap_or_else(|| super::frame::root(&first.name)))))
}

/// An answer that signs the browser in.
fn with_session(web: &Web, fresh: &Fresh, mut answer: Response) -> Response {
    if let Some(cookie) = web.site.begin_session(&fresh.cookie, SESSION_LIFE.as_secs()) {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    if let Some(cookie) = fresh.mark.as_ref().and_then(|mark| web.site.keep_mark(mark)) {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// Only into the dashboard: what a link says may lead nowhere else.
pub(super) fn is_ours(next: &str) -> bool {
    let plain = next.starts_with("/dashboard/") && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    // A browser goes up at each `..`, however it is written.
    let to = Url::parse("http://here").and_then(|here| here.join(next));
    plain && to.is_ok_and(|to| to.host_str() == Some("here") && to.path().starts_with("/dashboard/"))
}

pub(super) fn browser(asked: &HeaderMap) -> String {
    let agent = asked.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    agent.unwrap_or("a browser that does not say its name").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attack 15.
    #[test]
    fn signing_in_leads_nowhere_else() {
        assert!(is_ours("/dashboard/development/connections?page=x"));
        for wrong in [
            "",
            "/",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/dashboard/a\r\nb",
            "dashboard/",
            "/dashboard/../connect",
            "/dashboard/a/%2e%2E/../x",
        ] {
            assert!(!is_ours(wrong), "{wrong:?}");
        }
    }
}
