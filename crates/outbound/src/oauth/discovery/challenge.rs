//! What a resource says when it is asked without a credential (`WWW-Authenticate`, RFC 9728 §5.1).

use http::{HeaderMap, header};

/// The longest value that is read.
const LONGEST: usize = 4_096;

/// How many scopes of one are taken, and how long one may be.
const MOST_SCOPES: usize = 32;
const LONGEST_SCOPE: usize = 256;

/// What a challenge says of how to sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Challenge {
    /// Where the resource's own document is.
    pub(super) metadata: Option<String>,
    /// What is to be asked for.
    pub(super) scope: Option<String>,
}

/// Reads the parameters of all challenges together: nobody has two that say different things.
pub(super) fn of(headers: &HeaderMap) -> Challenge {
    let mut read = Challenge::default();
    for value in headers.get_all(header::WWW_AUTHENTICATE) {
        let Some(text) = value.to_str().ok().filter(|text| text.len() <= LONGEST) else { continue };
        read.metadata = read.metadata.or_else(|| parameter(text, "resource_metadata"));
        read.scope = read.scope.or_else(|| parameter(text, "scope"));
    }
    read
}

/// The scopes that a challenge says a token lacks (RFC 6750 §3.1, `insufficient_scope`); none if it says something else, or
/// not which.
#[must_use]
pub fn lacking_scopes(challenge: &str) -> Vec<String> {
    let challenge = challenge.get(..LONGEST).unwrap_or(challenge);
    if parameter(challenge, "error").as_deref() != Some("insufficient_scope") {
        return Vec::new();
    }
    let scope = parameter(challenge, "scope").unwrap_or_default();
    let named = scope.split_whitespace().filter(|one| one.len() <= LONGEST_SCOPE && one.bytes().all(is_of_a_scope));
    named.take(MOST_SCOPES).map(str::to_owned).collect()
}

/// RFC 6749 §3.3.
fn is_of_a_scope(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

/// The value of a parameter, quoted or not.
fn parameter(text: &str, name: &str) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let before = rest.get(..at)?.chars().next_back();
        let after = rest.get(at + name.len()..)?.trim_start();
        rest = rest.get(at + name.len()..)?;
        let alone = before.is_none_or(|c| c == ' ' || c == ',' || c == '\t');
        let Some(value) = after.strip_prefix('=').filter(|_| alone).map(str::trim_start) else { continue };
        return Some(match value.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or_default().to_owned(),
            None => value.split([',', ' ']).next().unwrap_or_default().to_owned(),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_quoted_or_not() {
        let read = |text: &str| of(&HeaderMap::from_iter([(header::WWW_AUTHENTICATE, text.parse().unwrap())]));
        let both = read(r#"Bearer error="invalid_token", resource_metadata="https://a.example/m", scope="a b""#);
        assert_eq!((both.metadata.as_deref(), both.scope.as_deref()), (Some("https://a.example/m"), Some("a b")));
        assert_eq!(
            read("Bearer resource_metadata=https://a.example/m, x=y").metadata.as_deref(),
            Some("https://a.example/m")
        );
        assert_eq!(read(r#"Bearer my_scope="x""#), Challenge::default());
        assert_eq!(read("Basic"), Challenge::default());
    }

    #[test]
    fn scopes_that_are_lacking_are_those_of_a_challenge_that_says_so() {
        let more = r#"Bearer error_description="x", scope="mail:read mail:write", error="insufficient_scope""#;
        assert_eq!(lacking_scopes(more), ["mail:read", "mail:write"]);
        assert_eq!(lacking_scopes("Bearer error=insufficient_scope, scope=a"), ["a"]);
        let odd = format!(r#"Bearer error="insufficient_scope", scope="a\\b {} ü ok""#, "x".repeat(300));
        assert_eq!(lacking_scopes(&odd), ["ok"]);
        let many = format!(r#"Bearer error="insufficient_scope", scope="{}""#, "a ".repeat(1_000));
        assert_eq!(lacking_scopes(&many).len(), MOST_SCOPES);
        for other in [
            r#"Bearer error="invalid_token", scope="a""#,
            r#"Bearer scope="a""#,
            r#"Bearer error="insufficient_scope""#,
        ] {
            assert!(lacking_scopes(other).is_empty(), "{other}");
        }
    }
}
