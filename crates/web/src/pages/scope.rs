//! A scope as a person can read it: whole, with the part that says something set off from the address before it.

use serde::Serialize;

/// One thing that is asked for, or was withheld.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Scope {
    /// What comes before the name, where scopes are addresses (`https://www.googleapis.com/auth/`); mostly empty.
    prefix: String,
    /// The name (`gmail.send`).
    name: String,
}

impl From<String> for Scope {
    fn from(scope: String) -> Self {
        match scope.trim_end_matches('/').rfind('/') {
            Some(slash) if scope.contains("://") => {
                let (prefix, name) = scope.split_at(slash + 1);
                Self { prefix: prefix.to_owned(), name: name.to_owned() }
            }
            _ => Self { prefix: String::new(), name: scope },
        }
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
            let read = Scope::from(scope.to_owned());
            assert_eq!(read.prefix, prefix);
            assert_eq!(format!("{}{}", read.prefix, read.name), scope);
        }
    }
}
