//! `/connect/{link}`: GET and HEAD show who asks for what and spend nothing (mail scanners and chat previews open
//! links, too); POST binds the browser and sends the person to the provider.

use crate::pages::NoticeKind;
use crate::{Web, answers};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;
use valetkey_app::consent;

/// What the page's form sends.
#[derive(Deserialize)]
pub(crate) struct Start {
    token: Option<String>,
}

/// The page before anything has happened.
pub(crate) async fn show(State(web): State<Web>, Path(link): Path<String>, asked: HeaderMap) -> Response {
    match consent::open(&web.app, &link).await {
        Ok(opened) => web.form(&form(&link), &asked, |token| answers::consent(opened, token)),
        Err(stopped) => web.page(&answers::stop(&stopped), &asked),
    }
}

/// The person pressed the button.
pub(crate) async fn start(
    State(web): State<Web>,
    Path(link): Path<String>,
    asked: HeaderMap,
    sent: Result<Form<Start>, FormRejection>,
) -> Response {
    let token = sent.ok().and_then(|Form(start)| start.token);
    let Some(browser) = web.owner(&asked, &form(&link), token.as_deref()) else {
        return web.notice(NoticeKind::StaleForm, &asked);
    };
    match consent::start(&web.app, &link, &browser).await {
        Ok(provider) => web.page(&answers::leave(provider), &asked),
        Err(stopped) => web.page(&answers::stop(&stopped), &asked),
    }
}

/// Names the form, so that one link's token is of no use for another.
fn form(link: &str) -> String {
    format!("connect {link}")
}
