//! The authorization endpoint and the sign-in page.

use super::consent;
use super::refusal::Refusal;
use super::request;
use super::scopes::OPENID;
use crate::broken::broken;
use crate::fault::What;
use crate::pages::{Account, SignInPage};
use crate::state::{AuthRequest, State as LabState, User, Visit};
use crate::{Error, Lab, cite, random};
use axum::Extension;
use axum::extract::{RawForm, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use jiff::SignedDuration;

/// How long a person may take over the pages.
const VISIT_LIFE: SignedDuration = SignedDuration::from_mins(30);

/// `GET /o/oauth2/v2/auth`.
pub(crate) async fn begin(
    State(lab): State<Lab>,
    fault: Option<Extension<What>>,
    RawQuery(query): RawQuery,
) -> Response {
    let request = match lab.read(|state, _| request::read(state, query.as_deref().unwrap_or_default())) {
        Ok(request) => request,
        Err(refusal) => return refusal.shown(lab.pages()),
    };
    let nonce_wanted = matches!(fault, Some(Extension(What::NonceWanted {})));
    if nonce_wanted && request.nonce.is_none() && request.scopes.iter().any(|scope| scope == OPENID) {
        let refusal = Refusal::new("invalid_request", cite::NONCE, "nonce is required with the scope openid");
        return refusal.sent_back(&request.redirect_uri, request.state.as_deref());
    }
    if request.prompt.none {
        let said = "The lab keeps no browser session, so it cannot go on without a page.";
        let refusal = Refusal::new("interaction_required", cite::PROMPT, said);
        return refusal.sent_back(&request.redirect_uri, request.state.as_deref());
    }
    let hinted = lab.read(|state, _| hinted_user(state, &request));
    match (open_visit(&lab, request), hinted) {
        (Err(error), _) => broken(&error),
        (Ok(visit), Some(user)) => consent::ask(&lab, &visit, &user).await,
        (Ok(visit), None) => sign_in(&lab, visit),
    }
}

/// `POST /o/oauth2/v2/auth/account`: somebody was chosen.
pub(crate) async fn account(State(lab): State<Lab>, RawForm(form): RawForm) -> Response {
    let field = |wanted: &str| {
        form_urlencoded::parse(&form).find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let (visit, chosen) = (field("visit").unwrap_or_default(), field("account").unwrap_or_default());
    match lab.read(|state, _| state.user(&chosen).map(|user| user.email.clone())) {
        Some(user) => consent::ask(&lab, &visit, &user).await,
        None => Refusal::new("invalid_request", cite::INVALID_REQUEST, "No account was chosen.").shown(lab.pages()),
    }
}

fn open_visit(lab: &Lab, request: AuthRequest) -> Result<String, Error> {
    let id = random::secret("")?;
    lab.note(|state, now| {
        state.sweep(now);
        state.visits.insert(id.clone(), Visit { request, user: None, expires_at: now + VISIT_LIFE });
    });
    Ok(id)
}

/// The user whom `login_hint` names by address or subject, unless the person is to choose anyway.
fn hinted_user(state: &LabState, request: &AuthRequest) -> Option<String> {
    let hint = request.login_hint.as_deref().filter(|_| !request.prompt.select_account)?;
    let named = |user: &&User| user.email.eq_ignore_ascii_case(hint) || user.sub == hint;
    state.users.iter().find(named).map(|user| user.email.clone())
}

fn sign_in(lab: &Lab, visit: String) -> Response {
    let accounts = |users: &[User]| users.iter().map(account_row).collect::<Vec<Account>>();
    let page = lab.read(|state, _| {
        let client = state.visits.get(&visit).map(|known| known.request.client.clone()).unwrap_or_default();
        SignInPage { visit, client, accounts: accounts(&state.users) }
    });
    lab.pages().answer(StatusCode::OK, &page)
}

fn account_row(user: &User) -> Account {
    let initial = user.name.chars().next().map(String::from).unwrap_or_default();
    Account { email: user.email.clone(), name: user.name.clone(), initial }
}
