//! A scope as a person can read it: in the connector's words where it has some, and whole, with the part that says
//! something set off from the address before it.

use serde::Serialize;

/// One thing that is asked for, or was withheld.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Scope {
    /// What it allows, in the connector file's words, which are English.
    words: Option<String>,
    /// What comes before the name, where scopes are addresses (`https://www.googleapis.com/auth/`); mostly empty.
    prefix: String,
    /// The name (`gmail.send`).
    name: String,
}

impl Scope {
    /// The scope as the provider names it, with words for it if there are any.
    pub(crate) fn new(scope: &str, words: Option<String>) -> Self {
        let cut = scope.contains("://").then(|| scope.trim_end_matches('/').rfind('/')).flatten();
        let (prefix, name) = scope.split_at(cut.map_or(0, |slash| slash + 1));
        Self { words, prefix: prefix.to_owned(), name: name.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_scope_is_lost() {
        for (scope, prefix) in [
            ("https://www.googleapis.com/auth/gmail.send", "https://www.googleapis.com/auth/"),
            ("https://mail.google.com/", "https://"),
            ("openid", ""),
            ("repo/read", ""),
        ] {
            let read = Scope::new(scope, None);
            assert_eq!(read.prefix, prefix);
            assert_eq!(format!("{}{}", read.prefix, read.name), scope);
        }
    }
}
