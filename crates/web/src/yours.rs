//! `/connect/yours/{authorization}`: what a person gave in this app, for the browser that finished a consent, and the
//! way to take it back.

use crate::pages::{Look, NoticeKind, YourLine, Yours};
use crate::{Web, answers};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;
use valetkey_app::accounts::AtProvider;
use valetkey_app::consent::{self, YourConnection};
use valetkey_domain::account::Status;
use valetkey_domain::id::{AccountId, AuthorizationId};

/// What the page's form sends.
#[derive(Deserialize)]
pub(crate) struct Sent {
    token: Option<String>,
    account: Option<String>,
}

/// The page.
pub(crate) async fn show(State(web): State<Web>, Path(id): Path<String>, asked: HeaderMap) -> Response {
    match AuthorizationId::parse(&id) {
        Ok(id) => page(&web, &id, &asked, None).await,
        Err(_) => web.notice(NoticeKind::StrayAnswer, &asked),
    }
}

async fn page(web: &Web, id: &AuthorizationId, asked: &HeaderMap, done: Option<(&'static str, String)>) -> Response {
    match consent::yours(&web.app, id, web.site.browser(asked).as_ref()).await {
        Ok(found) => {
            let page = Yours {
                app: found.app,
                brand: Look::from(&found.brand),
                identifier: found.identifier.to_string(),
                connections: found.connections.into_iter().map(line).collect(),
                done,
                token: String::new(),
            };
            web.form(&form(id), asked, |token| Yours { token, ..page })
        }
        Err(stopped) => web.page(&answers::stop(&stopped), asked),
    }
}

/// How an account stands, as a text's key.
pub(crate) const fn state(status: &Status) -> &'static str {
    match status {
        Status::Active => "state-active",
        Status::Expired(_) => "state-expired",
        Status::PendingAuth => "state-pending",
        Status::PendingVerification => "state-unconfirmed",
        Status::Disconnected => "state-disconnected",
    }
}

fn line(one: YourConnection) -> YourLine {
    YourLine {
        connector: one.connector,
        connection: one.connection.to_string(),
        state: state(&one.status),
        elsewhere: one.status == Status::Active && one.given.is_none(),
        account: one.given.as_ref().map(|given| given.account.to_string()),
        subject: one.given.and_then(|given| given.subject),
    }
}

/// The person takes something back.
pub(crate) async fn withdraw(
    State(web): State<Web>,
    Path(id): Path<String>,
    asked: HeaderMap,
    sent: Result<Form<Sent>, FormRejection>,
) -> Response {
    let (Ok(id), Ok(Form(Sent { token, account }))) = (AuthorizationId::parse(&id), sent) else {
        return web.notice(NoticeKind::StaleForm, &asked);
    };
    let browser = web.owner(&asked, &form(&id), token.as_deref());
    let account = account.as_deref().map(AccountId::parse);
    let (Some(browser), Some(Ok(account))) = (browser, account) else {
        return web.notice(NoticeKind::StaleForm, &asked);
    };
    match consent::withdraw(&web.app, &id, Some(&browser), &account).await {
        Ok((became, connector)) => page(&web, &id, &asked, Some((told(became), connector))).await,
        Err(stopped) => web.page(&answers::stop(&stopped), &asked),
    }
}

/// What became of it at the provider, as a text's key.
const fn told(became: AtProvider) -> &'static str {
    match became {
        AtProvider::Revoked | AtProvider::Nothing => "withdrawn-revoked",
        AtProvider::Later => "withdrawn-later",
        AtProvider::Shared => "withdrawn-shared",
        AtProvider::NotOffered | AtProvider::Failed => "withdrawn-there",
    }
}

fn form(id: &AuthorizationId) -> String {
    format!("yours {id}")
}
