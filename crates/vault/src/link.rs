//! Links to a consent: like an instance's URL, the token at their end is derived, so that the same link can be handed out
//! again though nothing of it is stored but its hash.

use crate::DataKey;
use crate::parts::mac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use valetkey_domain::Secret;
use valetkey_domain::id::{ApprovalId, AuthorizationId, EnvironmentId};

/// Makes the token of a consent's link: HMAC-SHA256 over environment and authorization under the environment's `url` key,
/// in base64url. The same key and authorization always give the same one.
#[must_use]
pub fn mint(key: &DataKey, environment: &EnvironmentId, authorization: &AuthorizationId) -> Secret<str> {
    let parts: [&[u8]; 3] =
        [b"valetkey consent link 1", environment.as_str().as_bytes(), authorization.as_str().as_bytes()];
    Secret::from(BASE64_URL_SAFE_NO_PAD.encode(mac(key.macs(), parts)))
}

/// Makes the token of an approval's link, in the same way.
#[must_use]
pub fn approval(key: &DataKey, environment: &EnvironmentId, approval: &ApprovalId) -> Secret<str> {
    let parts: [&[u8]; 3] =
        [b"valetkey approval link 1", environment.as_str().as_bytes(), approval.as_str().as_bytes()];
    Secret::from(BASE64_URL_SAFE_NO_PAD.encode(mac(key.macs(), parts)))
}

/// Makes the name under which an app confirms a sign-in: the authorization, and an HMAC-SHA256 of it and its environment under
/// the environment's `url` key, in base64url. Who has the link can't make it.
#[must_use]
pub fn request(key: &DataKey, environment: &EnvironmentId, authorization: &AuthorizationId) -> Secret<str> {
    let parts: [&[u8]; 3] =
        [b"valetkey confirmation 1", environment.as_str().as_bytes(), authorization.as_str().as_bytes()];
    let named = [mac(key.macs(), parts).as_ref(), authorization.as_str().as_bytes()].concat();
    Secret::from(BASE64_URL_SAFE_NO_PAD.encode(named))
}

/// The authorization that such a name would be of, unchecked: make it again and compare.
#[must_use]
pub fn authorization_of(request: &str) -> Option<AuthorizationId> {
    let named = BASE64_URL_SAFE_NO_PAD.decode(request.trim_end_matches('=')).ok()?;
    AuthorizationId::parse(std::str::from_utf8(named.get(32..)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Purpose;
    use valetkey_domain::id::DataKeyId;
    use valetkey_testkit::{ManualClock, SeededRng};

    #[test]
    fn a_token_is_the_same_each_time_and_another_for_anything_else() {
        let environment = |name: &str| EnvironmentId::parse(name).unwrap();
        let key = |seed| {
            let id = DataKeyId::new(&ManualClock::default(), &SeededRng::new(seed));
            DataKey::generate(id, Some(&environment("env_1")), Purpose::Url, 1).unwrap()
        };
        let authorization = |name: &str| AuthorizationId::parse(name).unwrap();
        let (one, other) = (key(1), key(2));
        let token = |key, of: &str, id: &str| mint(key, &environment(of), &authorization(id)).expose().to_owned();
        let first = token(&one, "env_1", "auth_1");
        assert_eq!((first.len(), &first), (43, &token(&one, "env_1", "auth_1")));
        let named = request(&one, &environment("env_1"), &authorization("auth_1"));
        assert_eq!(authorization_of(named.expose()), Some(authorization("auth_1")));
        assert!(!named.expose().contains(&first) && authorization_of("x").is_none());
        for another in
            [token(&other, "env_1", "auth_1"), token(&one, "env_2", "auth_1"), token(&one, "env_1", "auth_2")]
        {
            assert_ne!(first, another);
        }
    }

    /// By Python's hmac: links lie at people, and digests in rows.
    #[test]
    fn what_a_key_makes_is_what_others_make_with_it() {
        let id = DataKeyId::new(&ManualClock::default(), &SeededRng::new(1));
        let key = DataKey::from_parts(id, "env_1".into(), Purpose::Url, 1, [7; 32].into());
        for _ in 0..2 {
            let link = mint(&key, &EnvironmentId::parse("env_1").unwrap(), &AuthorizationId::parse("auth_1").unwrap());
            assert_eq!(link.expose(), "6k0F3gFn5H0ok2MtO2vT7d60jDjiiA77AQy2cfZhIXQ");
            let digest = BASE64_URL_SAFE_NO_PAD.encode(key.digest("exec_1", b"text").unwrap());
            assert_eq!(digest, "Q3dOfNietSBsaDJPRGYiaSOKYtHv88ss1D-ZuQaSh8o");
        }
    }
}
