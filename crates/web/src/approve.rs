//! `/connect/approve/{link}`: what an agent is about to do, for the browser in which the account was signed in, and the
//! user's word on it. GET and HEAD change nothing.

use crate::pages::{Approve, NoticeKind};
use crate::{Web, answers};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;
use valetkey_app::consent::approvals;

/// What the page's form sends.
#[derive(Deserialize)]
pub(crate) struct Sent {
    token: Option<String>,
    approve: Option<String>,
}

/// The question.
pub(crate) async fn show(State(web): State<Web>, Path(link): Path<String>, asked: HeaderMap) -> Response {
    match approvals::question(&web.app, &link, web.site.browser(&asked).as_ref()).await {
        Ok(question) => web.form(&form(&link), &asked, |token| Approve { token, ..answers::approve(question) }),
        Err(stopped) => web.page(&answers::stop(&stopped), &asked),
    }
}

/// The answer.
pub(crate) async fn answer(
    State(web): State<Web>,
    Path(link): Path<String>,
    asked: HeaderMap,
    sent: Result<Form<Sent>, FormRejection>,
) -> Response {
    let Ok(Form(Sent { token, approve })) = sent else { return web.notice(NoticeKind::StaleForm, &asked) };
    let browser = web.owner(&asked, &form(&link), token.as_deref());
    let (Some(browser), Some(approve @ ("yes" | "no"))) = (browser, approve.as_deref()) else {
        return web.notice(NoticeKind::StaleForm, &asked);
    };
    let yes = approve == "yes";
    match approvals::answer(&web.app, &link, &browser, yes).await {
        Ok(()) => web.notice(if yes { NoticeKind::Approved } else { NoticeKind::NotApproved }, &asked),
        Err(stopped) => web.page(&answers::stop(&stopped), &asked),
    }
}

/// Names the form, so that one link's token is of no use for another.
fn form(link: &str) -> String {
    format!("approve {link}")
}
