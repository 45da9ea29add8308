//! The stylesheets, the icon and the dashboard's script. Their addresses carry a hash of their content, so browsers may keep them for ever.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{HeaderName, header};

const STYLESHEET: &str = concat!(include_str!("../assets/palette.css"), include_str!("../assets/pages.css"));
const DASHBOARD_STYLESHEET: &str =
    concat!(include_str!("../assets/palette.css"), include_str!("../assets/dashboard.css"));
const SCRIPT: &str = include_str!("../assets/dashboard.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// Where the stylesheet is.
pub(crate) fn stylesheet() -> String {
    format!("/assets/pages-{:016x}.css", fingerprint(STYLESHEET))
}

/// Where the dashboard's stylesheet is.
pub(crate) fn dashboard_stylesheet() -> String {
    format!("/assets/dashboard-{:016x}.css", fingerprint(DASHBOARD_STYLESHEET))
}

/// Where the dashboard's script is.
pub(crate) fn script() -> String {
    format!("/assets/dashboard-{:016x}.js", fingerprint(SCRIPT))
}

/// Where the icon is.
pub(crate) fn icon() -> String {
    format!("/assets/icon-{:016x}.svg", fingerprint(ICON))
}

/// The doors of all of them.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(&stylesheet(), get(|| async { asset("text/css; charset=utf-8", STYLESHEET) }))
        .route(&dashboard_stylesheet(), get(|| async { asset("text/css; charset=utf-8", DASHBOARD_STYLESHEET) }))
        .route(&script(), get(|| async { asset("text/javascript; charset=utf-8", SCRIPT) }))
        .route(&icon(), get(|| async { asset("image/svg+xml", ICON) }))
}

fn asset(kind: &'static str, content: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, content)
}

/// FNV-1a, 64 bits: tells versions of our own files apart, and guards nothing.
fn fingerprint(content: &str) -> u64 {
    content.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_is_fnv_1a() {
        // Test vectors of draft-eastlake-fnv.
        assert_eq!(fingerprint(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint("foobar"), 0x8594_4171_f739_67e8);
    }

    /// A page in a language that is written from right to left is its own mirror image.
    #[test]
    fn stylesheets_name_no_side() {
        for sheet in [STYLESHEET, DASHBOARD_STYLESHEET] {
            for rule in sheet.split([';', '{', '}']).map(str::trim) {
                let Some((name, value)) = rule.split_once(':') else { continue };
                let (name, value) = (name.trim(), value.trim());
                let one_side = ["left", "right"].iter().any(|side| name.split('-').any(|part| part == *side));
                assert!(!one_side && value != "left" && value != "right", "{rule}");
                let four: Vec<_> = value.split(' ').collect();
                if let ("margin" | "padding" | "inset" | "border-width", [_, right, _, left]) = (name, four.as_slice())
                {
                    assert_eq!(left, right, "{rule}");
                }
            }
        }
    }

    #[test]
    fn stylesheets_load_nothing() {
        for sheet in [STYLESHEET, DASHBOARD_STYLESHEET] {
            assert!(!sheet.contains("url(") && !sheet.contains("@import"));
        }
    }
}
