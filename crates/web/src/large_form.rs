//! Forms that may be large and come from somebody whom no session names: a credential that is typed on a link's page, and a
//! form that is kept until its sender has signed in again. Anybody can send such a one, so little of it is believed.

use crate::Web;
use crate::web::MAX_FORM;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, header};

/// The most members that are read.
const MAX_PAIRS: usize = 200;

/// The members of a form.
pub(crate) type Pairs = Vec<(String, String)>;

/// What a form of at most so many bytes holds. None if it is too much, is no form, was not sent by a page of ours, or is
/// large while as many large ones are being read as may be.
pub(crate) async fn read(web: &Web, headers: &HeaderMap, body: Body, most: usize) -> Option<Pairs> {
    // Whoever has no cookie of ours holds no form's token either.
    if !web.site.is_own(headers) || web.site.browser(headers).is_none() || !is_form(headers) {
        return None;
    }
    if !is_large(headers) {
        return Some(parse(&to_bytes(body, MAX_FORM).await.ok()?));
    }
    let _turn = web.large_forms.try_acquire().ok()?;
    Some(parse(&to_bytes(body, most).await.ok()?))
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
