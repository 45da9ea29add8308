//! How tools of remote servers are named here: `<prefix>_<name>`, where the name is the server's own and the prefix the
//! connector's or, of a custom provider, `c-` and the connection's name.
//!
//! Model vendors take 64 characters of letters, digits, `_` and `-`. Whatever else a name has becomes `_`; what was changed
//! so, or is longer, is cut to 55 characters and ends in `_` and the first eight hexadecimal digits of the SHA-256 of the
//! server's own name, so that two names never become one. A connection's name that has something else in it, or more than
//! 32 characters, is made fit in the same way first: 23 characters, `_`, and eight digits of its own hash.

use crate::parameter_name::fits;
use sha2::{Digest as _, Sha256};
use valetkey_domain::tool::MAX_NAME;

/// What a server offers in its tools' place while its user has still to sign in, behind the prefix.
pub const SIGN_IN: &str = "sign_in";
/// How many hexadecimal digits of a hash stand at the end of a changed name.
const DIGITS: usize = 8;
/// The longest name of a connection that stands whole before its tools' names.
const LONGEST_CONNECTION: usize = 32;

/// What the names of a connection's tools begin with, where they are not called by their connector.
#[must_use]
pub fn connection_prefix(connection: &str) -> String {
    let plain: String = connection.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    if plain == connection && plain.len() <= LONGEST_CONNECTION {
        return format!("c-{plain}");
    }
    let kept: String = plain.chars().take(LONGEST_CONNECTION - DIGITS - 1).collect();
    format!("c-{kept}_{}", digits(connection))
}

/// The name under which a server's tool is served.
#[must_use]
pub fn served_name(prefix: &str, own: &str) -> String {
    let whole = format!("{prefix}_{own}");
    let plain: String = whole.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    // The name that stands for signing in is ours.
    if plain == whole && plain.len() <= MAX_NAME && own != SIGN_IN {
        return plain;
    }
    let kept: String = plain.chars().take(MAX_NAME - DIGITS - 1).collect();
    format!("{kept}_{}", digits(own))
}

/// The digits that tell a changed name from others.
fn digits(name: &str) -> String {
    hex(&Sha256::digest(name.as_bytes())).chars().take(DIGITS).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_all_vendors_take_stay_and_others_differ_still() {
        assert_eq!(served_name("notionmcp", "notion-search"), "notionmcp_notion-search");
        assert_eq!(served_name("c-mine", "a"), "c-mine_a");
        for (one, other) in
            [("a.b", "a_b"), ("a.b", "a b"), (&*"x".repeat(80), &*"x".repeat(81)), ("ä", "ö"), ("sign_in", "sign.in")]
        {
            let (one, other) = (served_name("p", one), served_name("p", other));
            assert_ne!(one, other);
            for name in [&one, &other] {
                assert!(name.len() <= MAX_NAME && name.chars().all(fits) && name.starts_with("p_"), "{name}");
            }
        }
        assert_ne!(served_name("p", SIGN_IN), "p_sign_in", "ours");
    }

    #[test]
    fn names_of_connections_stay_apart_before_their_tools() {
        assert_eq!(connection_prefix("MY_DESK-1"), "c-MY_DESK-1");
        let long = "d".repeat(400);
        for (one, other) in [("MY DESK", "MY:DESK"), ("MY DESK", "MY_DESK"), (&*long, &*format!("{long}e"))] {
            let prefixes = [connection_prefix(one), connection_prefix(other)];
            assert_ne!(prefixes[0], prefixes[1]);
            for prefix in prefixes {
                let name = served_name(&prefix, &"t".repeat(100));
                assert!(name.len() <= MAX_NAME && name.chars().all(fits), "{name}");
                assert!(name.starts_with(&format!("{prefix}_t")), "{name}");
            }
        }
    }
}
