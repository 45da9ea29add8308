//! Names that people and apps choose, each with its rule. A value of one of these types has passed its rule.

use crate::invisible::is_invisible;
use serde::{Deserialize, Serialize};

/// A name that breaks its rule; the message says which rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(String);

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $rule:ident, $kept:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Reads one that came from outside.
            ///
            /// # Errors
            /// The text breaks the rule; the message says how.
            pub fn parse(text: &str) -> Result<Self, InvalidName> {
                $rule(text).map_err(InvalidName)?;
                Ok(Self(text.into()))
            }

            /// Reads one that was kept: the rule for new ones may have become stricter since.
            fn kept(text: &str) -> Result<Self, InvalidName> {
                $kept(text).map_err(InvalidName)?;
                Ok(Self(text.into()))
            }
        }

        $crate::text::text!($name, InvalidName, kept);
    )*};
}

names! {
    /// The name of a connection (`key_id`, `connector`, `connection_name` on the wire): 1 to 400 of `[a-zA-Z0-9_: -]`.
    ConnectionName, connection_rule, connection_rule;
    /// The name of an MCP config: 1 to 100 of `[a-z0-9_-]`.
    ConfigName, config_rule, config_rule;
    /// The name of an MCP instance: 1 to 100 characters, each of them to be seen.
    InstanceName, instance_rule, kept_rule;
    /// What a member of the dashboard signs in as, mostly a mail address: 1 to 100 characters, each of them to be seen.
    MemberName, member_rule, kept_rule;
    /// The app's name for one of its users: 1 to 100 characters, compared byte for byte.
    ///
    /// Nothing is folded or normalised, so that two users never become one. Blanks at the ends, control and
    /// invisible characters are refused: they make two names that a person cannot tell apart.
    Identifier, identifier_rule, kept_rule;
}

impl ConnectionName {
    /// The form in which connection names are unique.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

fn connection_rule(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_: -".contains(c);
    if (1..=400).contains(&text.len()) && text.chars().all(fits) && text.trim() == text {
        return Ok(());
    }
    Err("a connection name has 1 to 400 letters, digits, '_', ':', '-' or inner blanks".into())
}

fn config_rule(text: &str) -> Result<(), String> {
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_' || c == b'-';
    if (1..=100).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(());
    }
    Err("an MCP config name has 1 to 100 lower-case letters, digits, '_' or '-'".into())
}

fn instance_rule(text: &str) -> Result<(), String> {
    plain(text, 100, "an MCP instance name")
}

fn member_rule(text: &str) -> Result<(), String> {
    plain(text, 100, "a member's name")
}

fn identifier_rule(text: &str) -> Result<(), String> {
    plain(text, 100, "an identifier")
}

/// What was taken before the invisible characters were one table.
fn kept_rule(text: &str) -> Result<(), String> {
    let fits = (1..=100).contains(&text.chars().count()) && !text.contains(char::is_control);
    if fits { Ok(()) } else { Err("a name has 1 to 100 characters, none of them a control character".to_owned()) }
}

/// A text that people tell from others by looking at it: 1 to `most` characters, no blank at its ends, nothing unseen.
///
/// # Errors
/// What is wrong with it, beginning with `what` it is.
pub fn plain(text: &str, most: usize, what: &str) -> Result<(), String> {
    let count = text.chars().count();
    if count == 0 || count > most {
        return Err(format!("{what} has 1 to {most} characters, this one has {count}"));
    }
    if text.trim() != text {
        return Err(format!("{what} must not begin or end with a blank"));
    }
    if let Some((at, c)) = text.chars().enumerate().find(|(_, c)| is_invisible(*c)) {
        let (at, code) = (at + 1, u32::from(c));
        return Err(format!("{what} must not hold control or invisible characters: character {at} is U+{code:04X}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_names() {
        for right in ["MY_GMAIL", "my gmail", "GOOGLEWORKSPACE:12345", "gmail-1"] {
            assert!(ConnectionName::parse(right).is_ok(), "{right}");
        }
        for wrong in ["", " gmail", "gmail ", "gmäil", "gmail/1", "gmail\n"] {
            assert!(ConnectionName::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn identifiers_keep_look_alikes_apart() {
        let composed = Identifier::parse("jos\u{e9}").unwrap();
        let decomposed = Identifier::parse("jose\u{301}").unwrap();
        assert_ne!(composed, decomposed);
        assert_ne!(Identifier::parse("Ann").unwrap(), Identifier::parse("ann").unwrap());
        let unseen = [
            "an\u{200b}n",
            "ann\u{202e}",
            "ann\u{3164}",
            "\u{115f}ann",
            "ann\u{fe0f}",
            "ann\u{e0041}",
            "ann\u{17b4}",
            "a\u{2800}",
        ];
        for wrong in ["ann ", " ann", "ann\0", ""].iter().chain(&unseen) {
            assert!(Identifier::parse(wrong).is_err() && InstanceName::parse(wrong).is_err(), "{wrong:?}");
        }
        let said = Identifier::parse("ann\u{3164}").unwrap_err().to_string();
        assert!(said.ends_with("character 4 is U+3164"), "{said}");
    }

    #[test]
    fn what_was_kept_under_an_earlier_rule_is_still_read() {
        let kept = Identifier::try_from("ann\u{fe0f}".to_owned()).unwrap();
        assert_eq!(kept.as_str(), "ann\u{fe0f}");
        for wrong in ["", "ann\0", &"a".repeat(101)] {
            assert!(Identifier::try_from(wrong.to_owned()).is_err(), "{wrong:?}");
        }
    }
}
