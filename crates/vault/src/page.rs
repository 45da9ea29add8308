//! Links to an instance's page: derived like the instance's URL, not stored, and good until the time that they name.
//!
//! ```text
//! base64url( format (1) | length (1) | key id | length (1) | instance id | generation (8) | until (8) | user (16) | MAC (32) )
//! ```
//! Generation and user are those of the instance's URL, so that a link ends with it; `until` is in milliseconds. The MAC is
//! HMAC-SHA256 over environment, instance, generation, until and user under the environment's `url` key.

use crate::parts::{mac, push_short, take_short};
use crate::url::user;
use crate::{DataKey, Error, same};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use valetkey_domain::id::{DataKeyId, EnvironmentId, InstanceId};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::time::{from_millis, to_millis};
use valetkey_domain::{Secret, Timestamp};

const FORMAT: u8 = 1;

/// No token is longer: two ids of at most 32 characters, generation, time, user, MAC, in base64.
const MAX_LEN: usize = 176;

/// What a token says, before anybody has checked it.
#[derive(Clone)]
pub struct PageClaim {
    /// The key it says it was made with.
    pub key: DataKeyId,
    /// The instance whose page it says it opens.
    pub instance: InstanceId,
    /// Until when.
    pub until: Timestamp,
    generation: i64,
    user: [u8; 16],
    mac: [u8; 32],
}

impl PageClaim {
    /// Whether this row is the one that the link was made for, and its URL has not been changed since. Worth something only
    /// once [`verify`] has said yes.
    #[must_use]
    pub fn opens(&self, instance: &McpInstance) -> bool {
        self.instance == instance.id && self.generation == instance.url_generation && self.user == user(instance)
    }
}

/// Makes the token of a link. The same instance and time always have the same one.
///
/// # Errors
/// An id is longer than ids are.
pub fn mint(key: &DataKey, instance: &McpInstance, until: Timestamp) -> Result<Secret<str>, Error> {
    let user = user(instance);
    let (id, generation) = (&instance.id, instance.url_generation);
    let mut blob = vec![FORMAT];
    push_short(&mut blob, key.id().as_str().as_bytes())?;
    push_short(&mut blob, id.as_str().as_bytes())?;
    blob.extend_from_slice(&generation.to_be_bytes());
    blob.extend_from_slice(&to_millis(until).to_be_bytes());
    blob.extend_from_slice(&user);
    blob.extend_from_slice(&tag(key, &instance.environment, id, (generation, until), &user));
    Ok(Secret::from(BASE64_URL_SAFE_NO_PAD.encode(blob)))
}

/// Reads a token; none if it is not one. Nothing is checked but its form.
#[must_use]
pub fn read(token: &str) -> Option<PageClaim> {
    if token.len() > MAX_LEN {
        return None;
    }
    let blob = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let (_, rest) = blob.split_first().filter(|(format, _)| **format == FORMAT)?;
    let (key, rest) = take_short(rest)?;
    let (instance, rest) = take_short(rest)?;
    let (generation, rest) = rest.split_first_chunk::<8>()?;
    let (until, rest) = rest.split_first_chunk::<8>()?;
    let (user, mac) = rest.split_first_chunk::<16>()?;
    Some(PageClaim {
        key: DataKeyId::parse(std::str::from_utf8(key).ok()?).ok()?,
        instance: InstanceId::parse(std::str::from_utf8(instance).ok()?).ok()?,
        until: from_millis(i64::from_be_bytes(*until)),
        generation: i64::from_be_bytes(*generation),
        user: *user,
        mac: mac.try_into().ok()?,
    })
}

/// Whether this key made the claim's token for this environment.
#[must_use]
pub fn verify(key: &DataKey, environment: &EnvironmentId, claim: &PageClaim) -> bool {
    let wanted = tag(key, environment, &claim.instance, (claim.generation, claim.until), &claim.user);
    claim.key == *key.id() && same(&wanted, &claim.mac)
}

fn tag(
    key: &DataKey,
    environment: &EnvironmentId,
    instance: &InstanceId,
    (generation, until): (i64, Timestamp),
    user: &[u8; 16],
) -> [u8; 32] {
    let (generation, until) = (generation.to_be_bytes(), to_millis(until).to_be_bytes());
    let (environment, instance) = (environment.as_str().as_bytes(), instance.as_str().as_bytes());
    let parts: [&[u8]; 6] = [b"valetkey instance page 1", environment, instance, &generation, &until, user];
    let mut tag = [0; 32];
    tag.copy_from_slice(mac(key.macs(), parts).as_ref());
    tag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url;
    use crate::url::tests::{environment, instance, key};
    use proptest::prelude::*;
    use valetkey_domain::name::Identifier;

    fn minted(key: &DataKey) -> Secret<str> {
        mint(key, &instance(), from_millis(1_000)).unwrap()
    }

    #[test]
    fn a_link_opens_its_instance_for_its_user_in_its_environment_until_its_time() {
        let (key, here) = (key(1), environment("env_1"));
        let token = minted(&key);
        assert!(token.expose() == minted(&key).expose() && token.expose().len() <= MAX_LEN);
        let claim = read(token.expose()).unwrap();
        assert!(verify(&key, &here, &claim) && claim.opens(&instance()));
        assert_eq!(claim.until, from_millis(1_000));
        assert!(!verify(&key, &environment("env_2"), &claim) && !verify(&self::key(2), &here, &claim));
        let later = PageClaim { until: from_millis(9_000), ..claim.clone() };
        assert!(!verify(&key, &here, &later), "nobody makes it last longer");
        let bob = McpInstance { identifier: Identifier::parse("bob").unwrap(), ..instance() };
        assert!(!claim.opens(&bob) && !claim.opens(&McpInstance { url_generation: 8, ..instance() }));
    }

    #[test]
    fn attack_6_neither_is_a_url_a_link_nor_a_link_a_url() {
        let (key, here) = (key(1), environment("env_1"));
        let url = url::mint(&key, &instance()).unwrap();
        let bare = url.expose().strip_prefix(url::PREFIX).unwrap();
        assert!(read(url.expose()).is_none());
        assert!(read(bare).is_none_or(|claim| !verify(&key, &here, &claim)));
        let posing = format!("{}{}", url::PREFIX, minted(&key).expose());
        assert!(url::read(&posing).is_none_or(|claim| !url::verify(&key, &here, &claim)));
    }

    proptest! {
        #[test]
        fn attack_6_a_changed_character_never_verifies(at in any::<prop::sample::Index>(), with in "[A-Za-z0-9_-]") {
            let (key, here) = (key(1), environment("env_1"));
            let token = minted(&key).expose().to_owned();
            let at = at.index(token.len());
            let changed = format!("{}{with}{}", &token[..at], &token[at + 1..]);
            prop_assume!(changed != token);
            prop_assert!(read(&changed).is_none_or(|claim| !verify(&key, &here, &claim)));
        }
    }
}
