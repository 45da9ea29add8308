//! What several services say in the same way.

use std::str::FromStr;
use std::time::Duration;
use valetkey_app::{App, Error, Listed, Page, Result};
use valetkey_domain::id::InvalidId;
use valetkey_domain::provider::Provider;
use valetkey_domain::{Kind, Timestamp};
use valetkey_proto::well_known;

/// An instant on the wire, to the millisecond: that is what the database keeps, and what was just made must read the
/// same as when it is asked for again.
pub(super) fn timestamp(at: Timestamp) -> well_known::Timestamp {
    well_known::Timestamp { seconds: at.as_second(), nanos: at.subsec_millisecond() * 1_000_000 }
}

/// A length of time in whole seconds, of the field of this name; the wire's may be negative.
pub(super) fn length(field: &str, given: &well_known::Duration) -> Result<Duration> {
    let seconds = u64::try_from(given.seconds).map_err(|_| Error::invalid(format!("{field} must not be negative")))?;
    Ok(Duration::from_secs(seconds))
}

/// The page that a list asks for; size 0 means the server's choice.
pub(super) fn page(size: u32, token: String, default: u32) -> Page {
    Page { size: if size == 0 { default } else { size }, after: non_empty(token) }
}

/// A page's tokens and total, as every list has them: next, previous, total. An empty token is no page.
pub(super) fn ends<T>(listed: &Listed<T>) -> (String, String, u32) {
    let token = |token: &Option<String>| token.clone().unwrap_or_default();
    (token(&listed.next), token(&listed.previous), u32::try_from(listed.total).unwrap_or(u32::MAX))
}

/// A text that was given: on the wire absent and empty look the same.
pub(super) fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// The id of the thing that a request is about. A text that cannot be one names nothing.
pub(super) fn id<T>(parse: impl FnOnce(&str) -> std::result::Result<T, InvalidId>, text: &str) -> Result<T> {
    parse(text).map_err(|why| Error::new(Kind::NotFound, why.to_string()))
}

/// A member of a filter, if it was given.
pub(super) fn filter<T>(name: &str, text: &str) -> Result<Option<T>>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let wrong = |why| Error::invalid(format!("filter.{name}: {why}"));
    non_empty(text.to_owned()).map(|text| text.parse()).transpose().map_err(wrong)
}

/// The provider key of a connector, which is upper case: `GMAIL`.
pub(super) fn provider(app: &App, connector: &str) -> String {
    let loaded = app.catalog().connector(connector).map(|connector| connector.provider_key());
    loaded.unwrap_or_else(|| connector.to_ascii_uppercase())
}

/// The connector of a provider key; a custom provider's is its identifier in lower case. The text itself if there is none,
/// which then matches nothing.
pub(super) fn connector(app: &App, provider: &str) -> String {
    match app.catalog().by_provider(provider) {
        Some(connector) => connector.slug.clone(),
        None if Provider::is_slug(provider) => provider.to_ascii_lowercase(),
        None => provider.to_owned(),
    }
}

/// What the vendor's product has and this one doesn't.
pub(super) fn not_offered(what: &str) -> Error {
    Error::new(Kind::Unimplemented, format!("{what} not offered by this server"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_domain::id::ConfigId;

    #[test]
    fn instants_are_cut_to_the_millisecond() {
        let at: Timestamp = "2026-01-31T08:30:00.123456789Z".parse().unwrap();
        assert_eq!(timestamp(at), well_known::Timestamp { seconds: at.as_second(), nanos: 123_000_000 });
    }

    #[test]
    fn a_length_is_cut_to_seconds_and_never_negative() {
        let read = |seconds, nanos| length("expiry", &well_known::Duration { seconds, nanos });
        assert_eq!(read(60, 999_999_999).unwrap(), Duration::from_secs(60));
        assert!(read(-1, 0).is_err() && read(i64::MIN, 0).is_err());
    }

    #[test]
    fn sizes_and_tokens() {
        assert_eq!(page(0, String::new(), 20), Page { size: 20, after: None });
        assert_eq!(page(7, "x".into(), 20), Page { size: 7, after: Some("x".into()) });
        let listed = Listed { items: vec![()], next: Some("n".into()), previous: None, total: 3 };
        assert_eq!(ends(&listed), ("n".into(), String::new(), 3));
    }

    #[test]
    fn a_text_that_is_no_id_names_nothing() {
        assert_eq!(id(ConfigId::parse, "zebra").unwrap_err().kind(), Kind::NotFound);
        assert!(id(ConfigId::parse, "cfg_1").is_ok());
    }
}
