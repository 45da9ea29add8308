//! What a resource says when it is asked without a credential (`WWW-Authenticate`, RFC 9728 §5.1).

use http::{HeaderMap, header};

/// The longest value that is read.
const LONGEST: usize = 4_096;

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
}
