//! `/connect/done/{authorization}`: what became of a consent, for the browser that began it; and the one question
//! that may be left, whether another provider account takes the place of the one before.

use crate::pages::{NoticeKind, Replace};
use crate::{Web, answers, instance};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;
use valetkey_app::consent::{self, ConsentReport};
use valetkey_domain::id::AuthorizationId;

/// What the question's form sends.
#[derive(Deserialize)]
pub(crate) struct Choice {
    token: Option<String>,
    keep: Option<String>,
}

/// The outcome. It can be looked at again: nothing happens here.
pub(crate) async fn show(State(web): State<Web>, Path(id): Path<String>, asked: HeaderMap) -> Response {
    let Ok(id) = AuthorizationId::parse(&id) else { return web.notice(NoticeKind::StrayAnswer, &asked) };
    match consent::outcome(&web.app, &id, web.site.browser(&asked).as_ref()).await {
        // The page leads on to the app; a redirect after the form of the question would be held against its policy.
        Ok(ConsentReport { confirmed_at: Some(address), .. }) => web.page(&answers::leave(address), &asked),
        Ok(ended) => match answers::question(&ended) {
            Some(question) => web.form(&form(&id), &asked, |token| Replace { token, ..question }),
            None => {
                let back = instance::way_back(&web, &asked, &ended.about).await;
                web.page(&answers::end(ended).leading_to(yours(&web, &id)).back(back), &asked)
            }
        },
        Err(stopped) => web.page(&answers::stop(&stopped), &asked),
    }
}

/// The person chose between two accounts.
pub(crate) async fn choose(
    State(web): State<Web>,
    Path(id): Path<String>,
    asked: HeaderMap,
    sent: Result<Form<Choice>, FormRejection>,
) -> Response {
    let (Ok(id), Ok(Form(Choice { token, keep }))) = (AuthorizationId::parse(&id), sent) else {
        return web.notice(NoticeKind::StaleForm, &asked);
    };
    let browser = web.owner(&asked, &form(&id), token.as_deref());
    let (Some(browser), Some(keep @ ("yes" | "no"))) = (browser, keep.as_deref()) else {
        return web.notice(NoticeKind::StaleForm, &asked);
    };
    match consent::replace(&web.app, &id, Some(&browser), keep == "yes").await {
        Ok(_) => web.go(&format!("/connect/done/{id}")),
        Err(stopped) => web.page(&answers::stop(&stopped), &asked),
    }
}

/// A consent that stopped before anybody could know whose it was.
pub(crate) async fn stopped(State(web): State<Web>, Path(why): Path<String>, asked: HeaderMap) -> Response {
    let said = NoticeKind::ALL.into_iter().find(|said| said.stops() && said.key() == why);
    web.notice(said.unwrap_or(NoticeKind::NotFound), &asked)
}

/// Where the person sees what they gave.
fn yours(web: &Web, id: &AuthorizationId) -> String {
    format!("{}/connect/yours/{id}", web.site.base)
}

fn form(id: &AuthorizationId) -> String {
    format!("done {id}")
}
