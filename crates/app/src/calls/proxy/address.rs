//! Where a proxied request goes: below the connection's base, whatever path the caller gives.

use http::Uri;
use percent_encoding::percent_decode_str;
use url::Url;

/// How often a path is decoded while it is looked through: servers behind servers do it again.
const DECODED: usize = 3;

/// The address of a path and query below a base (`https://host[:port][/path]`).
///
/// # Errors
/// Why the path can't be one, in words for who gave it.
pub(super) fn below(base: &str, target: &str) -> Result<Uri, String> {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    // A path that begins with two slashes would be another host's wherever it is read as a reference.
    let path = path.trim_start_matches('/');
    check(path)?;
    let base = base.trim_end_matches('/');
    let text = match query {
        None => format!("{base}/{path}"),
        Some(query) => format!("{base}/{path}?{query}"),
    };
    let uri: Uri = text.parse().map_err(|_| "the path holds characters that no address may have".to_owned())?;
    if stays(base, &uri) { Ok(uri) } else { Err("the path leads away from the app".to_owned()) }
}

/// A path that means the same to everybody who reads it on its way: no step up, no control character, no backslash.
fn check(path: &str) -> Result<(), String> {
    let mut text = path.to_owned();
    for _ in 0..DECODED {
        if text.chars().any(char::is_control) {
            return Err("the path holds a control character".to_owned());
        }
        if text.contains('\\') {
            return Err("the path holds a backslash, which some servers take for a slash".to_owned());
        }
        if text.split('/').any(steps) {
            return Err("the path has a '.' or '..' part: give the path that it leads to".to_owned());
        }
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            return Ok(());
        }
        text = decoded;
    }
    Ok(())
}

/// `.` and `..`, also with parameters behind them (`..;x`).
fn steps(part: &str) -> bool {
    matches!(part.split(';').next(), Some("." | ".."))
}

/// Whether the address as others read it is the base's host and lies below its path.
fn stays(base: &str, uri: &Uri) -> bool {
    let (Ok(base), Ok(url)) = (Url::parse(base), Url::parse(&uri.to_string())) else { return false };
    let prefix = base.path().trim_end_matches('/');
    let below = url.path().strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    url.origin() == base.origin() && below && url.username().is_empty() && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_behind_the_base_and_its_query_stays_as_it_was_written() {
        for (target, wanted) in [
            ("/gmail/v1/users/me/profile", "https://app.example/x/gmail/v1/users/me/profile"),
            ("/a?b=1&b=2&c=%2F..%2F", "https://app.example/x/a?b=1&b=2&c=%2F..%2F"),
            ("foo", "https://app.example/x/foo"),
            ("", "https://app.example/x/"),
            ("?q=1", "https://app.example/x/?q=1"),
            ("//evil.example/a", "https://app.example/x/evil.example/a"),
            ("/a//b", "https://app.example/x/a//b"),
            ("@evil.example/", "https://app.example/x/@evil.example/"),
            ("/https://evil.example/a", "https://app.example/x/https://evil.example/a"),
            ("/projects/group%2Fname", "https://app.example/x/projects/group%2Fname"),
            ("/a%20b/..c/d..", "https://app.example/x/a%20b/..c/d.."),
        ] {
            assert_eq!(below("https://app.example/x/", target).unwrap().to_string(), wanted, "{target}");
        }
    }

    #[test]
    fn attack_35_a_path_never_leads_out() {
        for target in [
            "/../admin",
            "/a/..",
            "/a/./b",
            "/%2e%2e/admin",
            "/%2E./admin",
            "/a%2f..%2fadmin",
            "/a%2F%2e%2e%2fadmin",
            "/%252e%252e/admin",
            "/..;/admin",
            "/a\\..\\b",
            "/..%5c..%5cb",
            "/a%0d%0aHost:%20evil",
            "/a%00",
            "/a%250d%250a",
            "/a b",
            "/a\r\nx: y",
        ] {
            assert!(below("https://app.example/x", target).is_err(), "{target}");
        }
    }
}
