//! Instance URLs: the token at their end is derived, not stored. A reader of the database learns no URL, a writer can
//! plant none, and a forgery is refused without asking it.
//!
//! ```text
//! vkm_ + base64url( format (1) | length (1) | key id | length (1) | instance id | generation (8) | HMAC-SHA256 (32) )
//! ```
//! The MAC is over environment, instance and generation under the environment's `url` key.

use crate::parts::{mac, push_short, take_short};
use crate::{DataKey, Error, same};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use valetkey_domain::Secret;
use valetkey_domain::id::{DataKeyId, EnvironmentId, InstanceId};

/// What every token begins with, so that a leak is found by scanners.
pub const PREFIX: &str = "vkm_";

const FORMAT: u8 = 1;

/// No token is longer: two ids of at most 32 characters, generation, MAC, in base64.
const MAX_LEN: usize = 160;

/// What a token says, before anybody has checked it. Whoever has it whole has the URL, so `Debug` leaves the MAC out.
#[derive(Clone)]
pub struct Claim {
    /// The key it says it was made with.
    pub key: DataKeyId,
    /// The instance it says it opens.
    pub instance: InstanceId,
    /// The generation of that instance's URL.
    pub generation: i64,
    mac: [u8; 32],
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claim")
            .field("key", &self.key)
            .field("instance", &self.instance)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// Makes the token of an instance's URL. The same arguments always make the same one.
///
/// # Errors
/// An id is longer than ids are.
pub fn mint(
    key: &DataKey,
    environment: &EnvironmentId,
    instance: &InstanceId,
    generation: i64,
) -> Result<Secret<str>, Error> {
    let mut blob = vec![FORMAT];
    push_short(&mut blob, key.id().as_str().as_bytes())?;
    push_short(&mut blob, instance.as_str().as_bytes())?;
    blob.extend_from_slice(&generation.to_be_bytes());
    blob.extend_from_slice(&tag(key, environment, instance, generation));
    Ok(Secret::from(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(blob))))
}

/// Reads a token; none if it is not one. Nothing is checked but its form.
#[must_use]
pub fn read(token: &str) -> Option<Claim> {
    let text = token.strip_prefix(PREFIX).filter(|_| token.len() <= MAX_LEN)?;
    let blob = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (format, rest) = blob.split_first()?;
    let (key, rest) = take_short(rest).filter(|_| *format == FORMAT)?;
    let (instance, rest) = take_short(rest)?;
    let (generation, mac) = rest.split_first_chunk::<8>()?;
    Some(Claim {
        key: DataKeyId::parse(std::str::from_utf8(key).ok()?).ok()?,
        instance: InstanceId::parse(std::str::from_utf8(instance).ok()?).ok()?,
        generation: i64::from_be_bytes(*generation),
        mac: mac.try_into().ok()?,
    })
}

/// Whether this key made the claim's token for this environment.
#[must_use]
pub fn verify(key: &DataKey, environment: &EnvironmentId, claim: &Claim) -> bool {
    let wanted = tag(key, environment, &claim.instance, claim.generation);
    claim.key == *key.id() && same(&wanted, &claim.mac)
}

fn tag(key: &DataKey, environment: &EnvironmentId, instance: &InstanceId, generation: i64) -> [u8; 32] {
    let generation = generation.to_be_bytes();
    let parts: [&[u8]; 4] =
        [b"valetkey instance url 1", environment.as_str().as_bytes(), instance.as_str().as_bytes(), &generation];
    let mut tag = [0; 32];
    tag.copy_from_slice(mac(key.bytes(), parts).as_ref());
    tag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Purpose;
    use proptest::prelude::*;
    use valetkey_testkit::{ManualClock, SeededRng};

    fn environment(name: &str) -> EnvironmentId {
        EnvironmentId::parse(name).unwrap()
    }

    fn key(seed: u64) -> DataKey {
        let id = DataKeyId::new(&ManualClock::default(), &SeededRng::new(seed));
        DataKey::generate(id, Some(&environment("env_1")), Purpose::Url, 1).unwrap()
    }

    fn instance() -> InstanceId {
        InstanceId::new(&ManualClock::default(), &SeededRng::new(9))
    }

    #[test]
    fn a_token_is_the_same_each_time_and_opens_its_instance_alone() {
        let (key, here, id) = (key(1), environment("env_1"), instance());
        let token = mint(&key, &here, &id, 7).unwrap();
        assert_eq!(token.expose(), mint(&key, &here, &id, 7).unwrap().expose());
        assert!(token.expose().len() <= MAX_LEN);
        let claim = read(token.expose()).unwrap();
        assert_eq!((&claim.key, &claim.instance, claim.generation), (key.id(), &id, 7));
        assert!(verify(&key, &here, &claim));
        assert!(!verify(&key, &environment("env_2"), &claim));
        assert!(!verify(&self::key(2), &here, &claim));
    }

    #[test]
    fn attack_6_a_claim_with_another_instance_or_generation_is_a_forgery() {
        let (key, here) = (key(1), environment("env_1"));
        let claim = read(mint(&key, &here, &instance(), 1).unwrap().expose()).unwrap();
        assert!(!verify(&key, &here, &Claim { generation: 2, ..claim.clone() }));
        assert!(!verify(&key, &here, &Claim { instance: InstanceId::parse("inst_1").unwrap(), ..claim }));
    }

    #[test]
    fn attack_48_a_claim_that_is_logged_gives_no_url_away() {
        let claim = read(mint(&key(1), &environment("env_1"), &instance(), 1).unwrap().expose()).unwrap();
        let shown = format!("{claim:?}");
        assert!(shown.contains(claim.instance.as_str()), "{shown}");
        assert!(!shown.contains(&format!("{:?}", claim.mac)) && !shown.contains("mac"), "{shown}");
    }

    proptest! {
        #[test]
        fn attack_6_a_changed_character_never_verifies(at in any::<prop::sample::Index>(), with in "[A-Za-z0-9_-]") {
            let (key, here) = (key(1), environment("env_1"));
            let token = mint(&key, &here, &instance(), 1).unwrap().expose().to_owned();
            let at = at.index(token.len());
            let changed = format!("{}{with}{}", &token[..at], &token[at + 1..]);
            prop_assume!(changed != token);
            prop_assert!(read(&changed).is_none_or(|claim| !verify(&key, &here, &claim)));
        }

        #[test]
        fn garbage_is_no_token(text in ".{0,200}") {
            prop_assert!(read(&text).is_none());
            let posing = format!("vkm_{text}");
            prop_assert!(read(&posing).is_none_or(|claim| !verify(&key(1), &environment("env_1"), &claim)));
        }
    }
}
