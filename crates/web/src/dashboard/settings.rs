//! Settings: what an app's SDK is given, the app's name, API clients, members, and one's own password and browsers.

use super::frame::{Moment, Section};
use super::pages::{ClientRow, MemberRow, NewLink, NewSecret, SessionRow, Settings};
use super::visit::{Answer, Posted, Visit};
use axum::extract::Path;
use axum::response::Response;
use std::collections::HashMap;
use valetkey_app::Error;
use valetkey_app::entrance::{sign_in, sign_on};
use valetkey_app::tenancy::{clients, members};
use valetkey_domain::id::SessionId;
use valetkey_domain::member::{Right, Role};

/// What a change shows once on the page that follows it, and what was wrong with one.
#[derive(Default)]
pub(super) struct After {
    pub(super) secret: Option<NewSecret>,
    pub(super) link: Option<NewLink>,
    pub(super) wrong: Option<String>,
}

impl After {
    /// A change that was refused.
    pub(super) fn wrong(error: &Error) -> Self {
        Self { wrong: Some(super::sentence::sentence(error.message())), ..Self::default() }
    }
}

/// The page.
pub(crate) async fn show(visit: Visit) -> Answer {
    page(&visit, After::default()).await
}

/// The page after a change.
pub(super) async fn page(visit: &Visit, after: After) -> Answer {
    build(visit, after).await.map_err(|error| visit.fail(&error))?.map(|page| visit.page(&page))
}

async fn build(visit: &Visit, after: After) -> Result<Result<Settings, Response>, Error> {
    let app = &visit.web.app;
    let ctx = match visit.enter(Right::See) {
        Ok(ctx) => ctx,
        Err(refused) => return Ok(Err(refused)),
    };
    let client = |client: valetkey_domain::client::ApiClient| ClientRow {
        reads_secrets: client.scopes.iter().any(|scope| scope == clients::SECRETS_SCOPE),
        id: client.id.to_string(),
        name: client.name,
        created: Moment::from(client.created_at),
    };
    let member = |member: valetkey_domain::member::Member| MemberRow {
        own: member.id == visit.who.member.id,
        id: member.id.to_string(),
        name: member.name.to_string(),
        role: member.role.as_str(),
        has_password: member.has_password,
    };
    let session = |session: valetkey_domain::member::Session| SessionRow {
        own: session.id == visit.who.session.id,
        id: session.id.to_string(),
        browser: super::agent::named(&session.browser),
        agent: session.browser,
        seen: Moment::from(session.last_seen_at),
    };
    Ok(Ok(Settings {
        frame: visit.frame(Section::Settings),
        environment_url: app.settings().sdk(""),
        public_url: app.settings().public_url.to_string(),
        display_name: visit.environment.display_name.clone().unwrap_or_default(),
        clients: clients::list(app, &ctx).await?.into_iter().map(client).collect(),
        members: members::list(app).await?.into_iter().map(member).collect(),
        roles: Role::ALL.map(Role::as_str).into(),
        provider: sign_on::offered(app),
        sessions: sign_in::list(app, &visit.who).await?.into_iter().map(session).collect(),
        has_password: visit.who.member.has_password,
        secret: after.secret,
        link: after.link,
        wrong: after.wrong,
    }))
}

/// One's own password.
pub(crate) async fn password(Posted { visit, form }: Posted) -> Answer {
    let (old, Some(new)) = (form.secret("old"), form.secret("new")) else {
        return page(&visit, After { wrong: Some("Type a new password.".into()), ..After::default() }).await;
    };
    if form.secret("again").is_none_or(|again| again.expose() != new.expose()) {
        return page(&visit, After { wrong: Some("The two new passwords differ.".into()), ..After::default() }).await;
    }
    match sign_in::set_password(&visit.web.app, &visit.who, old.as_ref(), &new).await {
        Ok(()) => Ok(visit.go("/settings", "password-set")),
        Err(error) => page(&visit, After::wrong(&error)).await,
    }
}

/// Signs one of one's own browsers out.
pub(crate) async fn end_session(Path(named): Path<HashMap<String, String>>, Posted { visit, .. }: Posted) -> Answer {
    let id = SessionId::parse(named.get("id").map_or("", String::as_str));
    let id = id.map_err(|error| visit.fail(&Error::invalid(error.to_string())))?;
    sign_in::end(&visit.web.app, &visit.who, &id).await.map_err(|error| visit.fail(&error))?;
    Ok(visit.go("/settings", "session-ended"))
}
