//! Settings: what an app's SDK is given, the app's name, API clients, members, and one's own password and browsers.

use super::forms::is_the_forms;
use super::frame::{Moment, Section};
use super::pages::{
    ClientRow, MemberRow, NewClient, NewLink, NewMember, NewSecret, SessionRow, Settings, SettingsForm,
};
use super::visit::{Answer, Fields, Posted, Visit};
use axum::extract::Path;
use axum::response::Response;
use std::collections::HashMap;
use valetkey_app::Error;
use valetkey_app::entrance::{sign_in, sign_on};
use valetkey_app::tenancy::{clients, members};
use valetkey_domain::id::SessionId;
use valetkey_domain::member::{Right, Role};

/// What a change shows once on the page that follows it, or what was wrong with its form.
#[derive(Default)]
pub(super) struct After {
    pub(super) secret: Option<NewSecret>,
    pub(super) link: Option<NewLink>,
    pub(super) refused: Option<(SettingsForm, String)>,
    pub(super) typed: Fields,
}

impl After {
    fn refused(of: SettingsForm, words: &str, typed: Fields) -> Self {
        let refused = Some((of, super::sentence::sentence(words)));
        Self { refused, typed, ..Self::default() }
    }
}

/// The page after a change that was refused: with the words and what was typed in the form that was sent, where the error
/// is about that.
pub(super) async fn refused(visit: &Visit, of: SettingsForm, typed: Fields, error: &Error) -> Answer {
    if !is_the_forms(error) {
        return Err(visit.fail(error));
    }
    page(visit, After::refused(of, error.message(), typed)).await
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
    let typed =
        |of: SettingsForm| Some(&after.typed).filter(|_| after.refused.as_ref().is_some_and(|(at, _)| *at == of));
    let new_client = typed(SettingsForm::Client).map_or_else(NewClient::default, |typed| NewClient {
        name: typed.text("name").to_owned(),
        reads_secrets: typed.has("reads_secrets"),
    });
    let new_member = typed(SettingsForm::Member).map_or_else(NewMember::default, |typed| NewMember {
        name: typed.text("name").to_owned(),
        role: typed.text("role").to_owned(),
    });
    let verification = typed(SettingsForm::Verification)
        .map_or_else(|| super::verification::saved(visit), |typed| super::verification::typed(visit, typed));
    let (refused, wrong) = after.refused.unzip();
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
        new_client,
        new_member,
        verification,
        refused,
        wrong,
    }))
}

/// One's own password.
pub(crate) async fn password(Posted { visit, form }: Posted) -> Answer {
    let of = SettingsForm::Password;
    let (old, Some(new)) = (form.secret("old"), form.secret("new")) else {
        return page(&visit, After::refused(of, "type a new password", form)).await;
    };
    if form.secret("again").is_none_or(|again| again.expose() != new.expose()) {
        return page(&visit, After::refused(of, "the two new passwords differ", form)).await;
    }
    match sign_in::set_password(&visit.web.app, &visit.who, old.as_ref(), &new).await {
        Ok(()) => Ok(visit.go("/settings", "password-set")),
        Err(error) => refused(&visit, of, form, &error).await,
    }
}

/// Signs one of one's own browsers out.
pub(crate) async fn end_session(Path(named): Path<HashMap<String, String>>, Posted { visit, .. }: Posted) -> Answer {
    let id = SessionId::parse(named.get("id").map_or("", String::as_str));
    let id = id.map_err(|error| visit.fail(&Error::invalid(error.to_string())))?;
    sign_in::end(&visit.web.app, &visit.who, &id).await.map_err(|error| visit.fail(&error))?;
    Ok(visit.go("/settings", "session-ended"))
}
