//! ID tokens, for those who ask for `openid`. Signed with HS256 under the client's own secret, as OpenID Connect
//! allows (Core 1.0, section 10.1): the lab has no business with RSA. Google signs with RS256 and publishes its keys,
//! so this proves nothing about a client's check of Google's signature.

use crate::gmail::raw::encode;
use crate::oauth::{issue, userinfo};
use crate::state::{RefreshToken, User};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use valetkey_domain::Timestamp;

/// What an ID token speaks of.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) user: &'a User,
    pub(crate) basis: &'a RefreshToken,
    /// From the authorization request; absent in a refresh.
    pub(crate) nonce: Option<&'a str>,
    pub(crate) access_token: &'a str,
}

/// The token in compact form; none if the secret is no key, which no registered one is.
pub(crate) fn sign(subject: &Subject<'_>, secret: &str, now: Timestamp) -> Option<String> {
    let mut claims = userinfo::claims(subject.user, &subject.basis.scopes)?;
    let members = claims.as_object_mut()?;
    let half = Sha256::digest(subject.access_token.as_bytes());
    let own = json!({
        "iss": subject.issuer,
        "azp": subject.basis.client,
        "aud": subject.basis.client,
        "at_hash": encode(half.get(..16)?),
        "iat": now.as_second(),
        "exp": now.as_second() + issue::ACCESS_LIFE + 1,
    });
    members.extend(own.as_object()?.clone());
    members.extend(subject.nonce.map(|nonce| ("nonce".to_owned(), json!(nonce))));
    compact(&claims, secret)
}

fn compact(claims: &Value, secret: &str) -> Option<String> {
    let head = json!({"alg": "HS256", "typ": "JWT"});
    let signed = format!("{}.{}", encode(head.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(signed.as_bytes());
    Some(format!("{signed}.{}", encode(&mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_implementation_makes_the_same_token() {
        // Made with another implementation: Python's hmac and hashlib.
        let made = compact(&json!({"iss": "joe", "exp": 1_300_819_380}), "secret").unwrap();
        assert_eq!(made, EXPECTED);
    }

    const EXPECTED: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJqb2UiLCJleHAiOjEzMDA4MTkzODB9.dI_1GgpXIvBMK5jcehKSQtRKvUU5ml6daHOMEpBGQlM";
}
