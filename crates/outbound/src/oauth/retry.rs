//! How long a provider asks to wait.

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName};
use jiff::fmt::rfc2822::DateTimeParser;
use std::time::Duration;
use valetkey_domain::Timestamp;

/// The longest pause that is believed.
pub const MAX_PAUSE: Duration = Duration::from_secs(60 * 60);

/// The pause of `Retry-After`, in seconds or as a date; a date is measured by the clock that set it, the answer's own
/// `Date`.
pub(super) fn after(headers: &HeaderMap) -> Option<Duration> {
    let told = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match told.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => date(headers, &RETRY_AFTER)?.duration_since(date(headers, &DATE)?).try_into().unwrap_or_default(),
    };
    Some(pause.min(MAX_PAUSE))
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    let rfc_2822 = text.strip_suffix("GMT").map(|date| format!("{date}+0000"))?;
    DateTimeParser::new().parse_timestamp(rfc_2822).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn pauses_are_seconds_or_dates_and_bounded() {
        let told = |value: &'static str, date: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
            headers.insert(DATE, HeaderValue::from_static(date));
            after(&headers).map(|pause| pause.as_secs())
        };
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(told(" 7 ", date), Some(7));
        assert_eq!(told("Sun, 06 Nov 1994 08:50:07 GMT", date), Some(30));
        assert_eq!(told("Sun, 06 Nov 1994 08:49:07 GMT", date), Some(0));
        assert_eq!(told("99999999999", date), Some(3600));
        for odd in ["-1", "soon", "", "1.5", "99999999999999999999999"] {
            assert_eq!(told(odd, date), None, "{odd}");
        }
        assert_eq!(told("Sun, 06 Nov 1994 08:50:07 GMT", "yesterday"), None);
        assert_eq!(after(&HeaderMap::new()), None);
    }
}
