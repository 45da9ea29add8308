//! `/connect/{link}`: GET and HEAD show who asks for what and spend nothing (mail scanners and chat previews open
//! links, too); POST binds the browser and sends the person to the provider, or takes what was typed.

use crate::large_form::{self, Asked};
use crate::pages::NoticeKind;
use crate::{Web, answers};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use valetkey_app::consent::{self, Submitted};
use valetkey_domain::Secret;

/// What the page's form sends: a token, and what was typed where something is to be.
type Sent = Vec<(String, Secret<str>)>;

/// The most bytes of a form in which the fields of a credential may be, form-encoded.
const MAX_CREDENTIAL_FORM: usize = 128 * 1024;

/// The page before anything has happened.
pub(crate) async fn show(State(web): State<Web>, Path(link): Path<String>, asked: HeaderMap) -> Response {
    match consent::open(&web.app, &link).await {
        Ok(mut opened) => match opened.form.take() {
            None => web.form(&form(&link), &asked, |token| answers::consent(opened, token)),
            Some(fields) => web.form(&form(&link), &asked, |token| answers::typed(opened, fields, token)),
        },
        Err(stopped) => web.page(&answers::stop(&stopped), &asked),
    }
}

/// The person pressed the button.
pub(crate) async fn start(State(web): State<Web>, Path(link): Path<String>, asked: Asked, body: Body) -> Response {
    // What is large is read for a link that is one.
    if large_form::is_large(&asked.headers)
        && let Err(stopped) = consent::open(&web.app, &link).await
    {
        return web.page(&answers::stop(&stopped), &asked.headers);
    }
    let read = large_form::read(&web, &asked, body, MAX_CREDENTIAL_FORM).await;
    let asked = asked.headers;
    let pairs = match read {
        Ok(pairs) => pairs,
        Err(said) => return web.notice(said, &asked),
    };
    let sent: Sent = pairs.into_iter().map(|(name, value)| (name, Secret::from(value))).collect();
    let one = |wanted: &str| sent.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.expose());
    let Some(browser) = web.owner(&asked, &form(&link), one("token")) else {
        return web.notice(NoticeKind::StaleForm, &asked);
    };
    if one("kind") == Some("typed") {
        return typed(&web, &link, &asked, &browser, sent).await;
    }
    match consent::start(&web.app, &link, &browser, web.site.session(&asked).as_ref()).await {
        Ok(provider) => web.page(&answers::leave(provider), &asked),
        Err(stopped) => web.page(&answers::stop(&stopped), &asked),
    }
}

/// The person typed a credential.
async fn typed(web: &Web, link: &str, asked: &HeaderMap, browser: &Secret<str>, sent: Sent) -> Response {
    let named = |(name, value): (String, Secret<str>)| Some((name.strip_prefix("field.")?.to_owned(), value));
    let fields = sent.into_iter().filter_map(named).collect();
    match consent::submit(&web.app, link, browser, fields).await {
        Ok(Submitted::Ended(id)) => web.go(&format!("/connect/done/{id}")),
        Ok(Submitted::Again(fields, opened)) => {
            web.form(&form(link), asked, |token| answers::typed(*opened, *fields, token))
        }
        Err(stopped) => web.page(&answers::stop(&stopped), asked),
    }
}

/// Names the form, so that one link's token is of no use for another.
fn form(link: &str) -> String {
    format!("connect {link}")
}
