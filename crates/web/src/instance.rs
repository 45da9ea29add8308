//! `/connect/i/{link}`: every connection of a user's MCP server with its state; its buttons lead to the links of those
//! that want a sign-in. GET and HEAD change nothing.

use crate::pages::{InstanceLine, InstancePage, Look, NoticeKind, WayBack};
use crate::yours::state;
use crate::{Web, answers};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use http::{HeaderMap, header};
use serde::Deserialize;
use valetkey_app::consent::About;
use valetkey_app::servers::instance_page::{self, PageConnection};
use valetkey_domain::account::Status;

/// What the page's form sends.
#[derive(Deserialize)]
pub(crate) struct Sent {
    token: Option<String>,
    connection: Option<String>,
}

/// The page.
pub(crate) async fn show(State(web): State<Web>, Path(link): Path<String>, asked: HeaderMap) -> Response {
    match instance_page::open(&web.app, &link).await {
        Ok(found) => {
            let connections: Vec<_> = found.connections.into_iter().map(line).collect();
            let page = InstancePage {
                app: found.app,
                brand: Look::from(&found.brand),
                identifier: found.identifier.to_string(),
                missing: connections.iter().any(|one| one.missing),
                connections,
                until: found.expires_at,
                token: String::new(),
            };
            web.form(&form(&link), &asked, |token| InstancePage { token, ..page })
        }
        Err(stopped) => web.page(&answers::stop(&stopped), &asked),
    }
}

/// The way back to the page that a consent was begun from, with the state of the other connections; none where the browser
/// comes from no such page, or from another user's.
pub(crate) async fn way_back(web: &Web, asked: &HeaderMap, about: &About) -> Option<WayBack> {
    let link = web.site.came_from(asked)?;
    // A link that has ended leads nowhere.
    let found = instance_page::open(&web.app, link).await.ok()?;
    let (of_it, others): (Vec<_>, Vec<_>) =
        found.connections.into_iter().partition(|one| one.connection == about.connection);
    let same = found.identifier == about.identifier && found.app == about.app && !of_it.is_empty();
    same.then(|| WayBack {
        url: format!("{}/connect/i/{link}", web.site.base),
        others: others.into_iter().map(line).collect(),
    })
}

fn line(one: PageConnection) -> InstanceLine {
    InstanceLine {
        connector: one.connector,
        connection: one.connection.to_string(),
        state: state(&one.status),
        missing: one.on && one.status != Status::Active,
    }
}

/// The person wants to sign in on one of them.
pub(crate) async fn sign_in(
    State(web): State<Web>,
    Path(link): Path<String>,
    asked: HeaderMap,
    sent: Result<Form<Sent>, FormRejection>,
) -> Response {
    let Ok(Form(Sent { token, connection: Some(connection) })) = sent else {
        return web.notice(NoticeKind::StaleForm, &asked);
    };
    if web.owner(&asked, &form(&link), token.as_deref()).is_none() {
        return web.notice(NoticeKind::StaleForm, &asked);
    }
    match instance_page::sign_in(&web.app, &link, &connection).await {
        Ok(Some(made)) => {
            let mut answer = web.go(&format!("/connect/{}", made.url.rsplit('/').next().unwrap_or_default()));
            answer.headers_mut().extend(web.site.begin_at(&link).map(|cookie| (header::SET_COOKIE, cookie)));
            answer
        }
        Ok(None) => web.go(&format!("/connect/i/{link}")),
        Err(stopped) => web.page(&answers::stop(&stopped), &asked),
    }
}

/// Names the form, so that one link's token is of no use for another.
fn form(link: &str) -> String {
    format!("instance {link}")
}
