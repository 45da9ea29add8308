//! `/assets/brand/{colour}.css` and `/assets/logo/{sha256}`: what an app looks like, for the pages that show it. Nothing of
//! it changes under its address, and nothing of it can run.

use crate::Web;
use crate::pages::brand_stylesheet;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderName, header};
use valetkey_app::tenancy::branding;
use valetkey_domain::brand::Colour;

/// Both doors.
pub(crate) fn router() -> Router<Web> {
    Router::new().route("/assets/brand/{sheet}", get(colour)).route("/assets/logo/{hash}", get(logo))
}

async fn colour(State(web): State<Web>, Path(sheet): Path<String>, asked: HeaderMap) -> Response {
    let colour = sheet.strip_suffix(".css").and_then(|digits| Colour::parse(&format!("#{digits}")).ok());
    match colour {
        Some(colour) => (headers("text/css; charset=utf-8"), brand_stylesheet(colour)).into_response(),
        None => web.missing(&asked),
    }
}

async fn logo(State(web): State<Web>, Path(hash): Path<String>, asked: HeaderMap) -> Response {
    match branding::logo(&web.app, &hash).await {
        Ok(Some((kind, bytes))) => (headers(kind.media_type()), bytes).into_response(),
        Ok(None) => web.missing(&asked),
        Err(error) => web.failed(&error, &asked),
    }
}

fn headers(kind: &'static str) -> [(HeaderName, &'static str); 5] {
    [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ]
}
