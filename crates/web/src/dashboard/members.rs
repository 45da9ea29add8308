//! Members: who else may sign in here, and as what.

use super::frame::Moment;
use super::pages::{NewLink, SettingsForm};
use super::settings::{self, After};
use super::visit::{Answer, Posted, Visit};
use axum::extract::Path;
use std::collections::HashMap;
use valetkey_app::Error;
use valetkey_app::entrance::sign_in;
use valetkey_app::tenancy::members;
use valetkey_domain::Ctx;
use valetkey_domain::id::MemberId;
use valetkey_domain::member::{Member, Right, Role};

/// Adds a member and shows the link that signs it in.
pub(crate) async fn add(Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter_installation(Right::ManageMembers)?;
    let made = match Role::try_from(form.text("role").to_owned()) {
        Ok(role) => members::create(&visit.web.app, &ctx, form.text("name"), role).await,
        Err(error) => Err(Error::invalid(error.to_string())),
    };
    match made {
        Ok(member) => link(&visit, &ctx, &member).await,
        Err(error) => settings::refused(&visit, SettingsForm::Member, form, &error).await,
    }
}

async fn link(visit: &Visit, ctx: &Ctx, member: &Member) -> Answer {
    let link = sign_in::link(&visit.web.app, ctx, member).await.map_err(|error| visit.fail(&error))?;
    let link = NewLink {
        name: member.name.to_string(),
        url: visit.web.app.settings().public(&format!("/login/{}", link.token.expose())),
        until: Moment::from(link.expires_at),
    };
    settings::page(visit, After { link: Some(link), ..After::default() }).await
}

/// Another role, a new link, the end.
pub(crate) async fn change(Path(named): Path<HashMap<String, String>>, Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter_installation(Right::ManageMembers)?;
    let id = MemberId::parse(named.get("id").map_or("", String::as_str));
    let id = id.map_err(|error| visit.fail(&Error::invalid(error.to_string())))?;
    let app = &visit.web.app;
    let changed = match named.get("change").map(String::as_str) {
        Some("role") => match Role::try_from(form.text("role").to_owned()) {
            Ok(role) => members::set_role(app, &ctx, &id, role).await.map(|()| "member-changed"),
            Err(error) => Err(Error::invalid(error.to_string())),
        },
        Some("delete") => members::delete(app, &ctx, &id).await.map(|()| "member-deleted"),
        Some("link") => {
            let all = members::list(app).await.map_err(|error| visit.fail(&error))?;
            return match all.into_iter().find(|member| member.id == id) {
                Some(member) => link(&visit, &ctx, &member).await,
                None => Err(visit.fail(&Error::not_found("member", id.as_str()))),
            };
        }
        _ => return Err(visit.web.missing(&visit.asked)),
    };
    match changed {
        Ok(done) => Ok(visit.go("/settings", done)),
        Err(error) => settings::refused(&visit, SettingsForm::Members, form, &error).await,
    }
}
