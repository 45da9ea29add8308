//! What a user is known by at the upstream: a number and a check of it, so that one user's token is never another's.

/// The token of this user.
pub(crate) fn of(user: usize) -> String {
    format!("upstream-{user:07}-{:016x}", check(user))
}

/// Whose token this is.
pub(crate) fn user(token: &str) -> Option<usize> {
    let (number, _) = token.strip_prefix("upstream-")?.split_once('-')?;
    let user = number.parse().ok()?;
    (token == of(user)).then_some(user)
}

/// What the upstream says to nobody but this user.
pub(crate) fn greeting(user: usize) -> String {
    format!("for user {user:07}.")
}

/// FNV-1a of the number. It keeps nobody out; it shows whose credential arrived.
fn check(user: usize) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    user.to_le_bytes().iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_users() {
        assert_eq!(user(&of(17)), Some(17));
        assert_ne!(of(17), of(18));
        assert_eq!(user(&of(17).replace("0000017", "0000018")), None);
        assert_eq!(user("Bearer"), None);
    }
}
