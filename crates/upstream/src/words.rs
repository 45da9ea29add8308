//! What a server says of a failure, as far as people can be shown it.

use serde_json::Value;
use std::time::Duration;
use valetkey_domain::{invisible, json};

/// The longest text that is repeated.
const LONGEST: usize = 300;
/// The longest pause that is believed.
const LONGEST_PAUSE: u64 = 24 * 60 * 60;

/// A text without what nobody sees, no longer than is repeated.
pub(crate) fn shown(text: &str) -> String {
    invisible::shown(text.trim(), LONGEST)
}

/// What the body of a failure says: the message of a JSON error in one of the usual forms, or a short plain text.
pub(crate) fn of_failure(body: &[u8]) -> String {
    let Ok(value) = json::parse(body) else {
        let text = String::from_utf8_lossy(body.get(..LONGEST * 4).unwrap_or(body));
        return if text.contains('<') { String::new() } else { shown(&text) };
    };
    let text = |value: &Value| value.as_str().map(shown);
    let error = value.get("error");
    let places = [
        error.and_then(|error| error.get("message")),
        value.get("error_description"),
        value.get("message"),
        value.get("detail"),
        error,
    ];
    places.into_iter().flatten().find_map(text).unwrap_or_default()
}

/// The seconds of a `Retry-After`; a date says too little to be worth reading.
pub(crate) fn pause(header: Option<&http::HeaderValue>) -> Option<Duration> {
    let seconds: u64 = header?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(LONGEST_PAUSE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_found_and_kept_short() {
        for (body, said) in [
            (r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"no session"},"id":null}"#, "no session"),
            (r#"{"error":"invalid_token","error_description":"it has ended"}"#, "it has ended"),
            (r#"{"error":"nope"}"#, "nope"),
            ("plain\u{1b}[31m words", "plain[31m words"),
            ("no\u{200b}thing \u{e0041}unseen", "nothing unseen"),
            ("<html><body>Bad Gateway</body></html>", ""),
            ("", ""),
        ] {
            assert_eq!(of_failure(body.as_bytes()), said, "{body}");
        }
        assert_eq!(shown(&"é".repeat(1_000)).chars().count(), LONGEST + 1);
    }
}
