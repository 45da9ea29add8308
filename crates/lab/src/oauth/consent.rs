//! The consent page: shown where something new is asked for, answered by one form.

use super::refusal::{Refusal, send_back};
use super::{issue, scopes};
use crate::broken::broken;
use crate::pages::{ConsentPage, ScopeRow};
use crate::state::{AuthRequest, State as LabState, Visit};
use crate::{Error, Lab, cite};
use axum::extract::{RawForm, State};
use axum::response::Response;
use http::StatusCode;
use std::collections::BTreeSet;

/// Shows the consent page to a user who has signed in, or goes straight back where nothing new is asked for.
pub(crate) async fn ask(lab: &Lab, visit: &str, user: &str) -> Response {
    let signed_in = lab.note(|state, _| {
        let known = state.visits.get_mut(visit)?;
        known.user = Some(user.to_owned());
        let request = known.request.clone();
        let covered = !request.prompt.consent && covers(state, &request, user);
        Some((request, covered))
    });
    let Some((request, covered)) = signed_in else { return forgotten(lab) };
    if covered {
        close(lab, visit);
        let given = request.scopes.iter().cloned().collect();
        return give(lab, &request, user, given, false).await;
    }
    lab.pages().answer(StatusCode::OK, &page(lab, visit, user, &request))
}

/// `POST /o/oauth2/v2/auth/consent`: the person's decision. It closes the visit, so a second one finds none.
pub(crate) async fn decide(State(lab): State<Lab>, RawForm(form): RawForm) -> Response {
    let (mut visit, mut allowed, mut ticked) = (String::new(), false, BTreeSet::new());
    for (name, value) in form_urlencoded::parse(&form) {
        match name.as_ref() {
            "visit" => visit = value.into_owned(),
            "decision" => allowed = value == "allow",
            "scope" => drop(ticked.insert(value.into_owned())),
            _ => {}
        }
    }
    let Some(Visit { request, user: Some(user), .. }) = close(&lab, &visit) else { return forgotten(&lab) };
    let given = given(&request, &ticked);
    if !allowed || given.is_empty() {
        let said = if allowed { "The user withheld every scope." } else { "The user denied access." };
        let refusal = Refusal::new("access_denied", cite::CONSENT_ANSWER, said);
        return refusal.sent_back(&request.redirect_uri, request.state.as_deref());
    }
    give(&lab, &request, &user, given, true).await
}

/// What the person gives: the ticked ones of those asked for, and what comes with signing in. Nothing where all
/// that could be withheld was.
fn given(request: &AuthRequest, ticked: &BTreeSet<String>) -> BTreeSet<String> {
    let mut choosable = request.scopes.iter().filter(|scope| scopes::can_be_withheld(scope)).peekable();
    if choosable.peek().is_some() && !choosable.any(|scope| ticked.contains(scope)) {
        return BTreeSet::new();
    }
    let kept = |scope: &&String| ticked.contains(*scope) || !scopes::can_be_withheld(scope);
    request.scopes.iter().filter(kept).cloned().collect()
}

/// Whether the user has given all this before.
fn covers(state: &LabState, request: &AuthRequest, user: &str) -> bool {
    state.grant(&request.client, user).is_some_and(|grant| {
        request.scopes.iter().all(|scope| grant.scopes.contains(scope)) && (grant.offline || !request.offline)
    })
}

async fn give(lab: &Lab, request: &AuthRequest, user: &str, given: BTreeSet<String>, shown: bool) -> Response {
    let issued = lab.change(|state, now| issue::code(state, now, request, user, given.clone(), shown)).await;
    let code = match issued.and_then(std::convert::identity::<Result<String, Error>>) {
        Ok(code) => code,
        Err(error) => return broken(&error),
    };
    let scope = given.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let mut answer = vec![("code", code.as_str()), ("scope", &scope)];
    answer.extend(request.state.as_deref().map(|state| ("state", state)));
    send_back(&request.redirect_uri, &answer)
}

fn page(lab: &Lab, visit: &str, user: &str, request: &AuthRequest) -> ConsentPage {
    let row = |scope: &String| ScopeRow {
        scope: scope.clone(),
        words: scopes::words(scope).unwrap_or(scope).to_owned(),
        can_be_withheld: scopes::can_be_withheld(scope),
    };
    let name = lab.read(|state, _| state.user(user).map(|user| user.name.clone()).unwrap_or_default());
    ConsentPage {
        visit: visit.to_owned(),
        client: request.client.clone(),
        destination: request.redirect_uri.clone(),
        email: user.to_owned(),
        name,
        offline: request.offline,
        scopes: request.scopes.iter().map(row).collect(),
    }
}

fn close(lab: &Lab, visit: &str) -> Option<Visit> {
    lab.note(|state, now| state.visits.remove(visit).filter(|known| known.expires_at > now))
}

fn forgotten(lab: &Lab) -> Response {
    let said = "This sign-in is over or took too long. Go back to the app and start again.";
    Refusal::new("invalid_request", cite::INVALID_REQUEST, said).shown(lab.pages())
}
