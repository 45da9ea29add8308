//! Instance URLs: the token at their end is derived, not stored. A reader of the database learns no URL, a writer can
//! plant none, and a forgery is refused without asking it.
//!
//! ```text
//! vkm_ + base64url( format (1) | length (1) | key id | length (1) | instance id | generation (8) | user (16) | MAC (32) )
//! ```
//! `user` is the first half of a SHA-256 over the identifier: a row that is given to another user is no longer the one
//! that the URL opens. An instance that is put on another config keeps its URL, as it does when its config is edited. The
//! MAC is HMAC-SHA256 over environment, instance, generation and user under the environment's `url` key.
//!
//! In format 1, of earlier versions, the hash is over config and identifier: such a URL opens its instance for as long as
//! that stays on its config.

use crate::parts::{lengths, mac, push_short, take_short};
use crate::{DataKey, Error, same, sha256};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use valetkey_domain::Secret;
use valetkey_domain::id::{DataKeyId, EnvironmentId, InstanceId};
use valetkey_domain::instance::McpInstance;

/// What every token begins with, so that a leak is found by scanners.
pub const PREFIX: &str = "vkm_";

const FORMAT: u8 = 2;

/// What earlier versions made.
const BY_CONFIG: u8 = 1;

/// No token is longer: two ids of at most 32 characters, generation, user, MAC, in base64.
const MAX_LEN: usize = 170;

/// What a token says, before anybody has checked it. Whoever has it whole has the URL, so `Debug` leaves the MAC out.
#[derive(Clone)]
pub struct Claim {
    /// The key it says it was made with.
    pub key: DataKeyId,
    /// The instance it says it opens.
    pub instance: InstanceId,
    /// The generation of that instance's URL.
    pub generation: i64,
    format: u8,
    user: [u8; 16],
    mac: [u8; 32],
}

impl Claim {
    /// Whether this row is the one the URL was made for: the instance, of the same user, and its URL has not been changed
    /// since. Worth something only once [`verify`] has said yes.
    #[must_use]
    pub fn opens(&self, instance: &McpInstance) -> bool {
        self.instance == instance.id
            && self.generation == instance.url_generation
            && self.user == user_in(self.format, instance)
    }
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

/// Makes the token of an instance's URL. The same instance always has the same one, until its generation is raised.
///
/// # Errors
/// An id is longer than ids are.
pub fn mint(key: &DataKey, instance: &McpInstance) -> Result<Secret<str>, Error> {
    let user = user(instance);
    let mut blob = vec![FORMAT];
    push_short(&mut blob, key.id().as_str().as_bytes())?;
    push_short(&mut blob, instance.id.as_str().as_bytes())?;
    blob.extend_from_slice(&instance.url_generation.to_be_bytes());
    blob.extend_from_slice(&user);
    blob.extend_from_slice(&tag(FORMAT, key, &instance.environment, &instance.id, instance.url_generation, &user));
    Ok(Secret::from(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(blob))))
}

/// Reads a token; none if it is not one. Nothing is checked but its form.
#[must_use]
pub fn read(token: &str) -> Option<Claim> {
    let text = token.strip_prefix(PREFIX).filter(|_| token.len() <= MAX_LEN)?;
    let blob = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (format, rest) = blob.split_first()?;
    let (key, rest) = take_short(rest).filter(|_| matches!(*format, FORMAT | BY_CONFIG))?;
    let (instance, rest) = take_short(rest)?;
    let (generation, rest) = rest.split_first_chunk::<8>()?;
    let (user, mac) = rest.split_first_chunk::<16>()?;
    Some(Claim {
        key: DataKeyId::parse(std::str::from_utf8(key).ok()?).ok()?,
        instance: InstanceId::parse(std::str::from_utf8(instance).ok()?).ok()?,
        generation: i64::from_be_bytes(*generation),
        format: *format,
        user: *user,
        mac: mac.try_into().ok()?,
    })
}

/// Whether this key made the claim's token for this environment.
#[must_use]
pub fn verify(key: &DataKey, environment: &EnvironmentId, claim: &Claim) -> bool {
    let wanted = tag(claim.format, key, environment, &claim.instance, claim.generation, &claim.user);
    claim.key == *key.id() && same(&wanted, &claim.mac)
}

/// The identifier in 128 bits. Enough: to pose as somebody one would have to find a second text for their hash.
pub(crate) fn user(instance: &McpInstance) -> [u8; 16] {
    user_in(FORMAT, instance)
}

/// The same as a format has it.
fn user_in(format: u8, instance: &McpInstance) -> [u8; 16] {
    let identifier = instance.identifier.as_str().as_bytes();
    let whole = if format == BY_CONFIG {
        sha256(&lengths([instance.config.as_str().as_bytes(), identifier]))
    } else {
        sha256(&lengths([identifier]))
    };
    std::array::from_fn(|at| whole.get(at).copied().unwrap_or_default())
}

fn tag(
    format: u8,
    key: &DataKey,
    environment: &EnvironmentId,
    instance: &InstanceId,
    generation: i64,
    user: &[u8; 16],
) -> [u8; 32] {
    let generation = generation.to_be_bytes();
    let (environment, instance) = (environment.as_str().as_bytes(), instance.as_str().as_bytes());
    let label: &[u8] = if format == BY_CONFIG { b"valetkey instance url 1" } else { b"valetkey instance url 2" };
    let parts = [label, environment, instance, &generation, user];
    let mut tag = [0; 32];
    tag.copy_from_slice(mac(key.macs(), parts).as_ref());
    tag
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Purpose;
    use proptest::prelude::*;
    use valetkey_domain::Clock;
    use valetkey_domain::id::ConfigId;
    use valetkey_domain::name::{ConfigName, Identifier, InstanceName};
    use valetkey_testkit::{ManualClock, SeededRng};

    pub(crate) fn environment(name: &str) -> EnvironmentId {
        EnvironmentId::parse(name).unwrap()
    }

    pub(crate) fn key(seed: u64) -> DataKey {
        let id = DataKeyId::new(&ManualClock::default(), &SeededRng::new(seed));
        DataKey::generate(id, Some(&environment("env_1")), Purpose::Url, 1).unwrap()
    }

    pub(crate) fn instance() -> McpInstance {
        let (clock, rng) = (ManualClock::default(), SeededRng::new(9));
        McpInstance {
            id: InstanceId::new(&clock, &rng),
            environment: environment("env_1"),
            config: ConfigId::new(&clock, &rng),
            config_name: ConfigName::parse("config").unwrap(),
            name: InstanceName::parse("ann's").unwrap(),
            identifier: Identifier::parse("ann").unwrap(),
            url_generation: 7,
            created_at: clock.now(),
            updated_at: clock.now(),
            last_used_at: None,
        }
    }

    fn minted(key: &DataKey) -> Secret<str> {
        mint(key, &instance()).unwrap()
    }

    #[test]
    fn a_token_is_the_same_each_time_and_opens_its_instance_alone() {
        let (key, here, instance) = (key(1), environment("env_1"), instance());
        let token = minted(&key);
        assert_eq!(token.expose(), minted(&key).expose());
        assert!(token.expose().len() <= MAX_LEN);
        let claim = read(token.expose()).unwrap();
        assert_eq!((&claim.key, &claim.instance, claim.generation), (key.id(), &instance.id, 7));
        assert!(verify(&key, &here, &claim) && claim.opens(&instance));
        assert!(!verify(&key, &environment("env_2"), &claim));
        assert!(!verify(&self::key(2), &here, &claim));
    }

    #[test]
    fn attack_70_a_row_that_was_given_to_somebody_else_is_not_opened() {
        let claim = read(minted(&key(1)).expose()).unwrap();
        let changed = [
            McpInstance { identifier: Identifier::parse("bob").unwrap(), ..instance() },
            McpInstance { id: InstanceId::parse("inst_other").unwrap(), ..instance() },
            McpInstance { url_generation: 8, ..instance() },
        ];
        for row in changed {
            assert!(!claim.opens(&row), "{row:?}");
        }
        let moved = McpInstance { config: ConfigId::parse("cfg_other").unwrap(), ..instance() };
        assert!(claim.opens(&McpInstance { name: InstanceName::parse("renamed").unwrap(), ..moved }));
    }

    #[test]
    fn a_token_of_an_earlier_version_opens_its_instance_until_that_is_put_on_another_config() {
        let (key, here, instance) = (key(1), environment("env_1"), instance());
        let mut claim = read(minted(&key).expose()).unwrap();
        (claim.format, claim.user) = (BY_CONFIG, user_in(BY_CONFIG, &instance));
        assert!(!verify(&key, &here, &claim), "the format is part of what is sealed");
        claim.mac = tag(BY_CONFIG, &key, &here, &instance.id, 7, &claim.user);
        assert!(verify(&key, &here, &claim) && claim.opens(&instance));
        for other in [
            McpInstance { config: ConfigId::parse("cfg_other").unwrap(), ..instance.clone() },
            McpInstance { identifier: Identifier::parse("bob").unwrap(), ..instance },
        ] {
            assert!(!claim.opens(&other), "{other:?}");
        }
    }

    #[test]
    fn attack_6_a_claim_with_another_instance_generation_or_user_is_a_forgery() {
        let (key, here) = (key(1), environment("env_1"));
        let claim = read(minted(&key).expose()).unwrap();
        assert!(!verify(&key, &here, &Claim { generation: 2, ..claim.clone() }));
        assert!(!verify(&key, &here, &Claim { user: [7; 16], ..claim.clone() }));
        assert!(!verify(&key, &here, &Claim { instance: InstanceId::parse("inst_1").unwrap(), ..claim }));
    }

    #[test]
    fn attack_48_a_claim_that_is_logged_gives_no_url_away() {
        let claim = read(minted(&key(1)).expose()).unwrap();
        let shown = format!("{claim:?}");
        assert!(shown.contains(claim.instance.as_str()), "{shown}");
        assert!(!shown.contains(&format!("{:?}", claim.mac)) && !shown.contains("mac"), "{shown}");
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

        #[test]
        fn garbage_is_no_token(text in ".{0,200}") {
            prop_assert!(read(&text).is_none());
            let posing = format!("vkm_{text}");
            prop_assert!(read(&posing).is_none_or(|claim| !verify(&key(1), &environment("env_1"), &claim)));
        }
    }
}
