//! The front of both APIs: which operation, whose token, which scopes, does the request fit; then the operation.

pub(crate) mod call;
pub(crate) mod caller;
pub(crate) mod error;
pub(crate) mod fields;
pub(crate) mod outcome;

use crate::broken::broken;
use crate::state::State as LabState;
use crate::{Error, Lab, calendar, drive, github, gmail, oauth, people};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use call::Call;
use error::ApiError;
use fields::Selection;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use outcome::{Answer, Outcome};
use valetkey_domain::Timestamp;
use valetkey_vendor::{Digest, Operation};

/// Every path that is no OAuth endpoint.
pub(crate) async fn answer(
    State(lab): State<Lab>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let found = lab.digests().iter().find_map(|digest| Some((digest, digest.find(method.as_str(), uri.path())?)));
    let Some((digest, (operation, path))) = found else { return ApiError::no_such_path().into_response() };
    let at_github = digest.id == GITHUB;
    let scopes = at_github.then(|| lab.read(|state, now| caller::identify(state, &headers, now)).ok()).flatten();
    let refused = |refusal: ApiError| if at_github { refusal.at_github() } else { refusal.into_response() };
    let answered = match admit(&lab, digest, operation, &uri, &headers, &body) {
        Ok(call) => {
            let fields = call.fields.clone();
            dispatch(&lab, &operation.id, Call { path, ..call })
                .await
                .map(|done| done.map(|answer| respond(answer, &fields)))
        }
        Err(refusal) => Ok(Err(refusal)),
    };
    let mut response = match answered {
        Ok(Ok(response)) => response,
        Ok(Err(refusal)) => refused(refusal),
        Err(error) => return broken(&error),
    };
    if let Some(caller) = scopes {
        github::name_scopes(&caller, operation, response.headers_mut());
    }
    response
}

/// The digest of the API that is none of Google's.
const GITHUB: &str = "github";

/// Lets a call in: token first, then scopes, then the request against the digest, as Google does.
fn admit(
    lab: &Lab,
    digest: &Digest,
    operation: &Operation,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Call, ApiError> {
    let caller = lab.read(|state, now| caller::identify(state, headers, now))?;
    if digest.id == GITHUB {
        github::admit(&caller, operation)?;
    } else {
        caller::check_scopes(&caller, operation)?;
    }
    let query = call::query(uri);
    let (body, media) = if operation.takes_files_at(uri.path()) {
        call::with_file(headers, body, &query, operation)?
    } else {
        (call::body(headers, body, operation)?, None)
    };
    call::check_fit(digest, operation, &query, body.as_ref())?;
    let if_match = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let wanted = query.iter().find(|(name, _)| name == "fields").map(|(_, value)| value.as_str());
    let fields = wanted.map(|wanted| Selection::read(wanted, digest, operation.response.as_ref())).transpose()?;
    let fields = fields.unwrap_or_default();
    let (id, allowed_by) = (operation.id.clone(), operation.scopes.clone());
    Ok(Call { operation: id, allowed_by, caller, path: Vec::new(), query, body, media, if_match, fields })
}

async fn dispatch(lab: &Lab, operation: &str, call: Call) -> Result<Outcome, Error> {
    let look = gmail::operations::look(operation).or_else(|| calendar::operations::look(operation));
    let look = look.or_else(|| drive::operations::look(operation)).or_else(|| github::operations::look(operation));
    if let Some(look) = look {
        return Ok(lab.read(|state, now| look(state, now, &call)));
    }
    let act = gmail::operations::act(operation).or_else(|| calendar::operations::act(operation));
    let act = act.or_else(|| drive::operations::act(operation)).or_else(|| github::operations::act(operation));
    if let Some(act) = act {
        return lab.change(|state, now| act(state, now, &call)).await;
    }
    let read = |look: fn(&LabState, Timestamp, &Call) -> Outcome| Ok(lab.read(|state, now| look(state, now, &call)));
    match operation {
        "people.people.connections.list" => read(people::list),
        "people.people.searchContacts" => read(people::search),
        "people.otherContacts.search" => read(people::search_others),
        "oauth2.userinfo.get" => read(userinfo),
        other => Ok(Err(ApiError::not_played(other))),
    }
}

fn userinfo(state: &LabState, _: Timestamp, call: &Call) -> Outcome {
    let user = state.user(&call.caller.user).ok_or_else(ApiError::bad_credentials)?;
    Ok(oauth::userinfo::legacy(user, &call.caller).into())
}

fn respond(answer: Answer, fields: &Selection) -> Response {
    let mut response = match (answer.file, answer.body) {
        (Some((kind, content)), _) => ([(header::CONTENT_TYPE, kind)], content).into_response(),
        (None, Some(body)) => {
            let status = if answer.made { StatusCode::CREATED } else { StatusCode::OK };
            (status, Json(fields.apply(body))).into_response()
        }
        (None, None) => StatusCode::NO_CONTENT.into_response(),
    };
    let next = answer.next.map(|next| format!("<{next}>; rel=\"next\""));
    if let Some(next) = next.and_then(|next| HeaderValue::from_str(&next).ok()) {
        response.headers_mut().insert(header::LINK, next);
    }
    if let Some(etag) = answer.etag.and_then(|etag| HeaderValue::from_str(&etag).ok()) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}
