//! Forms that may be large and come from somebody whom no session names: a credential that is typed on a link's page, and a
//! form that is kept until its sender has signed in again. Anybody can send such a one, so little of it is believed, and
//! where one more comes than may be read at once, whoever sends most of them loses one ([`Stays`](valetkey_app::stays)).

use crate::Web;
use crate::pages::NoticeKind;
use crate::web::MAX_FORM;
use axum::body::{Body, to_bytes};
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};
use std::convert::Infallible;
use std::time::Duration;
use valetkey_app::stays::Peer;

/// The most members that are read.
const MAX_PAIRS: usize = 200;

/// For how long a large one may come.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is known of who sends a form before it is read.
pub(crate) struct Asked {
    /// The request's headers.
    pub(crate) headers: HeaderMap,
    /// Where it comes from.
    pub(crate) peer: Option<Peer>,
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self { headers: parts.headers.clone(), peer: peer(parts) })
    }
}

/// Where a request comes from.
pub(crate) fn peer(parts: &Parts) -> Option<Peer> {
    parts.extensions.get::<Peer>().copied()
}

/// The members of a form.
pub(crate) type Pairs = Vec<(String, String)>;

/// What a form of at most so many bytes holds; or what is to be said: it is too much, is no form, or was not sent by a page of
/// ours; or it is large and came too slowly.
pub(crate) async fn read(web: &Web, asked: &Asked, body: Body, most: usize) -> Result<Pairs, NoticeKind> {
    let headers = &asked.headers;
    // Whoever has no cookie of ours holds no form's token either.
    if !web.site.is_own(headers) || web.site.browser(headers).is_none() || !is_form(headers) {
        return Err(NoticeKind::StaleForm);
    }
    let bytes = match is_large(headers) {
        false => to_bytes(body, MAX_FORM).await,
        true => in_time(web, asked.peer, to_bytes(body, most)).await.ok_or(NoticeKind::Unavailable)?,
    };
    bytes.map(|bytes| parse(&bytes)).map_err(|_| NoticeKind::StaleForm)
}

/// Reads what may be large. None if it takes too long, or had to go for another.
pub(crate) async fn in_time<T>(web: &Web, peer: Option<Peer>, reading: impl Future<Output = T>) -> Option<T> {
    let (_stay, evicted) = web.large_forms.enter(peer);
    tokio::select! {
        biased;
        read = reading => Some(read),
        _ = evicted => None,
        () = tokio::time::sleep(PATIENCE) => None,
    }
}

/// Whether a form is longer than one without credentials, or does not say how long it is.
pub(crate) fn is_large(headers: &HeaderMap) -> bool {
    let told = headers.get(header::CONTENT_LENGTH).and_then(|told| told.to_str().ok()?.parse::<usize>().ok());
    told.is_none_or(|told| told > MAX_FORM)
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

fn parse(bytes: &[u8]) -> Pairs {
    let pairs = form_urlencoded::parse(bytes).take(MAX_PAIRS);
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}
