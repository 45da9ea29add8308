//! How tools of remote servers are named here: `<prefix>_<name>`, where the name is the server's own.
//!
//! Model vendors take 64 characters of letters, digits, `_` and `-`. Whatever else a name has becomes `_`; what was changed
//! so, or is longer, is cut to 55 characters and ends in `_` and the first eight hexadecimal digits of the SHA-256 of the
//! server's own name, so that two names never become one.

use sha2::{Digest as _, Sha256};
use valetkey_domain::tool::MAX_NAME;

/// What a server offers in its tools' place while its user has still to sign in, behind the prefix.
pub const SIGN_IN: &str = "sign_in";
/// How many hexadecimal digits of a hash stand at the end of a changed name.
const DIGITS: usize = 8;

/// The name under which a server's tool is served.
#[must_use]
pub fn served_name(prefix: &str, own: &str) -> String {
    let whole = format!("{prefix}_{own}");
    let plain: String = whole.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    // The name that stands for signing in is ours.
    if plain == whole && plain.len() <= MAX_NAME && own != SIGN_IN {
        return plain;
    }
    let hash = hex(&Sha256::digest(own.as_bytes()));
    let kept: String = plain.chars().take(MAX_NAME - DIGITS - 1).collect();
    format!("{kept}_{}", hash.get(..DIGITS).unwrap_or_default())
}

const fn fits(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
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
}
