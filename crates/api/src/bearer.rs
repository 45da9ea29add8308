//! The caller's token: the FIRST `authorization` value and no other. The Python SDK sends the header twice, the second
//! time with the token it began with, which may be stale or withdrawn by now.

use crate::failure::Failure;
use http::{HeaderMap, header};
use valetkey_domain::Kind;

/// The longest text that is looked at as a token. Ours have less than half of that.
const LONGEST: usize = 4096;

/// The bearer token of the first `authorization` value.
///
/// # Errors
/// `UNAUTHENTICATED`: there is none. Node's SDK asks for its first token only when it is told so.
pub(crate) fn token(headers: &HeaderMap) -> Result<&str, Failure> {
    let missing = || Failure::new(Kind::Unauthenticated, "no access token: send 'authorization: Bearer <token>'");
    let value = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(missing)?;
    match token.trim() {
        token if scheme.eq_ignore_ascii_case("bearer") && (1..=LONGEST).contains(&token.len()) => Ok(token),
        _ => Err(missing()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (header::AUTHORIZATION, value.parse().unwrap())).collect()
    }

    #[test]
    fn the_first_value_counts_and_the_second_does_not() {
        assert_eq!(token(&headers(&["Bearer tok-12", "Bearer tok-10"])).unwrap(), "tok-12");
        assert_eq!(token(&headers(&["bearer tok-12", "nonsense"])).unwrap(), "tok-12");
        assert!(token(&headers(&["Basic eDp5", "Bearer tok-10"])).is_err(), "a good second one rescues nothing");
    }

    #[test]
    fn a_missing_token_is_unauthenticated() {
        let long = format!("Bearer {}", "x".repeat(LONGEST + 1));
        for values in [&[][..], &[""], &["Bearer"], &["Bearer "], &["Bearer  "], &["tok-12"], &[&long]] {
            assert_eq!(token(&headers(values)).unwrap_err().kind, Kind::Unauthenticated, "{values:?}");
        }
    }
}
