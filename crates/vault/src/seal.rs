//! Values sealed under data keys.
//!
//! A value is AES-256-GCM under a key of its own, HKDF-SHA256(data key, table and row), with a random nonce. The
//! associated data is its whole place and its audience: moved to another row, column or environment, or with its
//! audience changed, it does not open; nor does one that was replaced and is put back.
//!
//! ```text
//! blob:  format (1 byte) | length of key id (1) | key id | nonce (12) | ciphertext and tag
//! ```

use crate::parts::{derive, lengths, mac, push_short, take_short};
use crate::{DataKey, Error, random};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use valetkey_domain::id::DataKeyId;
use valetkey_domain::{Sealed, Secret};
use zeroize::Zeroizing;

/// The format that blobs begin with. A new one gets a new number; old ones stay readable.
const FORMAT: u8 = 1;

/// Where a sealed value belongs and where its plaintext may go.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The environment's id; empty for what all environments share.
    pub environment: &'a str,
    /// The table.
    pub table: &'a str,
    /// The row's id.
    pub row: &'a str,
    /// The column.
    pub column: &'a str,
    /// Which of the values that the column has held one after the other; 0 where it is not counted. An older one that
    /// is put back into its row does not open.
    pub generation: i64,
    /// The origins it may be sent to; empty for what is never sent.
    pub audience: &'a [String],
    /// Whose it is. A row that is given to somebody else does not open for them.
    pub holder: Holder<'a>,
}

/// The user whose value it is, as the key of a connected account names one. All of it is empty for what is no user's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holder<'a> {
    /// The connection's id.
    pub connection: &'a str,
    /// The app's name for the user.
    pub identifier: &'a str,
    /// The organisation; empty where there is none.
    pub organization: &'a str,
    /// The user id beside the identifier; empty where there is none.
    pub user: &'a str,
}

impl DataKey {
    /// Seals a value for one place.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn seal(&self, place: &Place<'_>, plaintext: &[u8]) -> Result<Sealed, Error> {
        let nonce: [u8; 12] = random::bytes()?;
        let mut blob = prefix(self.id())?;
        blob.extend_from_slice(&nonce);
        // Wiped whatever happens: when sealing fails, the plaintext is still in it.
        let mut text = Zeroizing::new(plaintext.to_vec());
        let tag = self
            .value_key(place)?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                self.associated(place),
                text.as_mut_slice(),
            )
            .map_err(|_| Error::Library("sealing"))?;
        blob.extend_from_slice(&text);
        blob.extend_from_slice(tag.as_ref());
        Ok(Sealed(blob))
    }

    /// Opens a value in its place.
    ///
    /// # Errors
    /// It was sealed under another key, is damaged, or belongs elsewhere.
    pub fn open(&self, place: &Place<'_>, sealed: &Sealed) -> Result<Secret<[u8]>, Error> {
        let (key, rest) = split(sealed)?;
        if &key != self.id() {
            return Err(Error::OtherKey { wanted: key, given: self.id().clone() });
        }
        let (nonce, text) = rest.split_at_checked(12).ok_or(Error::NotSealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::NotSealed)?;
        let mut text = Zeroizing::new(text.to_vec());
        let opened = self.value_key(place)?.open_in_place(nonce, self.associated(place), &mut text);
        let opened = opened.map_err(|_| does_not_open(place))?;
        Ok(Secret::from(opened.to_vec()))
    }

    /// A digest that says whether two texts are the same to who holds this key, and nothing to anybody else: HMAC-SHA256
    /// under a key of its own. `salt` keeps equal texts of different occasions from looking equal.
    ///
    /// # Errors
    /// The library failed.
    pub fn digest(&self, salt: &str, text: &[u8]) -> Result<[u8; 32], Error> {
        let mut digest = [0; 32];
        digest.copy_from_slice(mac(self.digests()?, [salt.as_bytes(), text]).as_ref());
        Ok(digest)
    }

    /// The key of one row's values.
    fn value_key(&self, place: &Place<'_>) -> Result<LessSafeKey, Error> {
        let info = lengths([place.table.as_bytes(), place.row.as_bytes()]);
        let key = derive(self.bytes(), b"valetkey value", &info)?;
        let unbound = UnboundKey::new(&AES_256_GCM, key.as_slice()).map_err(|_| Error::Library("AES-256-GCM key"))?;
        Ok(LessSafeKey::new(unbound))
    }

    fn associated(&self, place: &Place<'_>) -> Aad<Vec<u8>> {
        let (generation, value) = (self.generation().to_be_bytes(), place.generation.to_be_bytes());
        let holder = place.holder;
        let fixed: [&[u8]; 13] = [
            &[FORMAT],
            place.environment.as_bytes(),
            place.table.as_bytes(),
            place.row.as_bytes(),
            place.column.as_bytes(),
            self.id().as_str().as_bytes(),
            self.purpose().as_str().as_bytes(),
            &generation,
            &value,
            holder.connection.as_bytes(),
            holder.identifier.as_bytes(),
            holder.organization.as_bytes(),
            holder.user.as_bytes(),
        ];
        Aad::from(lengths(fixed.into_iter().chain(place.audience.iter().map(String::as_bytes))))
    }
}

/// The data key that sealed a value, as the blob names it.
///
/// # Errors
/// These bytes are no sealed value.
pub fn key_of(sealed: &Sealed) -> Result<DataKeyId, Error> {
    split(sealed).map(|(key, _)| key)
}

/// What every value begins with that this data key has sealed, so that a database can tell those of other keys.
///
/// # Errors
/// The id is longer than ids are.
pub fn prefix(key: &DataKeyId) -> Result<Vec<u8>, Error> {
    let mut prefix = vec![FORMAT];
    push_short(&mut prefix, key.as_str().as_bytes())?;
    Ok(prefix)
}

fn split(sealed: &Sealed) -> Result<(DataKeyId, &[u8]), Error> {
    let (format, rest) = sealed.0.split_first().ok_or(Error::NotSealed)?;
    if *format != FORMAT {
        return Err(Error::NotSealed);
    }
    let (id, rest) = take_short(rest).ok_or(Error::NotSealed)?;
    let id = std::str::from_utf8(id).ok().and_then(|id| DataKeyId::parse(id).ok()).ok_or(Error::NotSealed)?;
    Ok((id, rest))
}

fn does_not_open(place: &Place<'_>) -> Error {
    Error::DoesNotOpen { what: format!("{}.{} of {}", place.table, place.column, place.row) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Purpose;
    use proptest::prelude::*;
    use valetkey_domain::id::EnvironmentId;
    use valetkey_testkit::{ManualClock, SeededRng};

    fn key() -> DataKey {
        let environment = EnvironmentId::parse("env_1").unwrap();
        let id = DataKeyId::new(&ManualClock::default(), &SeededRng::new(1));
        DataKey::generate(id, Some(&environment), Purpose::Credential, 1).unwrap()
    }

    fn audience() -> Vec<String> {
        vec!["https://api.example".into(), "https://token.example".into()]
    }

    fn place(audience: &[String]) -> Place<'_> {
        Place {
            environment: "env_1",
            table: "connected_accounts",
            row: "ca_1",
            column: "credential",
            generation: 3,
            audience,
            holder: ann(),
        }
    }

    fn ann() -> Holder<'static> {
        Holder { connection: "conn_1", identifier: "ann", organization: "", user: "" }
    }

    #[test]
    fn attack_4_a_sealed_value_opens_in_no_other_place() {
        let (key, audience) = (key(), audience());
        let here = place(&audience);
        let sealed = key.seal(&here, b"token").unwrap();
        assert_eq!(key.open(&here, &sealed).unwrap().expose(), b"token");
        let wider = vec!["https://api.example".into(), "https://token.example".into(), "https://evil.example".into()];
        let joined = vec!["https://api.examplehttps://token.example".to_owned()];
        let elsewhere = [
            Place { environment: "env_2", ..here },
            Place { table: "connections", ..here },
            Place { row: "ca_2", ..here },
            Place { column: "pending", ..here },
            Place { generation: 2, ..here },
            Place { generation: 4, ..here },
            Place { audience: &wider, ..here },
            Place { audience: &joined, ..here },
            Place { audience: &[], ..here },
            Place { holder: Holder::default(), ..here },
            Place { holder: Holder { identifier: "bob", ..ann() }, ..here },
            Place { holder: Holder { connection: "conn_2", ..ann() }, ..here },
            Place { holder: Holder { organization: "acme", ..ann() }, ..here },
            Place { holder: Holder { user: "7", ..ann() }, ..here },
            Place { holder: Holder { connection: "conn_1ann", identifier: "", ..ann() }, ..here },
        ];
        for place in elsewhere {
            assert!(matches!(key.open(&place, &sealed), Err(Error::DoesNotOpen { .. })), "{place:?}");
        }
    }

    #[test]
    fn attack_5_another_key_or_generation_does_not_open_it() {
        let (one, here) = (key(), place(&[]));
        let sealed = one.seal(&here, b"token").unwrap();
        let other = DataKey::generate(one.id().clone(), None, Purpose::Credential, 1).unwrap();
        assert!(matches!(other.open(&here, &sealed), Err(Error::DoesNotOpen { .. })));
        let bytes = || Zeroizing::new(*one.bytes());
        let raised = DataKey::from_parts(one.id().clone(), one.environment().into(), one.purpose(), 2, bytes());
        assert!(matches!(raised.open(&here, &sealed), Err(Error::DoesNotOpen { .. })));
        let purpose = DataKey::from_parts(one.id().clone(), one.environment().into(), Purpose::Flow, 1, bytes());
        assert!(matches!(purpose.open(&here, &sealed), Err(Error::DoesNotOpen { .. })));
    }

    #[test]
    fn the_same_value_is_never_sealed_the_same_way_twice() {
        let (key, here) = (key(), place(&[]));
        assert_ne!(key.seal(&here, b"token").unwrap(), key.seal(&here, b"token").unwrap());
    }

    #[test]
    fn a_digest_is_the_keys_and_the_salts_own() {
        let (one, other) = (key(), key());
        let digest = one.digest("exec_1", b"text").unwrap();
        assert_eq!(digest, one.digest("exec_1", b"text").unwrap());
        for different in
            [one.digest("exec_1", b"texts"), one.digest("exec_2", b"text"), other.digest("exec_1", b"text")]
        {
            assert_ne!(digest, different.unwrap());
        }
        assert_ne!(one.digest("ab", b"c").unwrap(), one.digest("a", b"bc").unwrap());
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(text in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let (key, here) = (key(), place(&[]));
            let sealed = key.seal(&here, &text).unwrap();
            prop_assert_eq!(&key_of(&sealed).unwrap(), key.id());
            let opened = key.open(&here, &sealed).unwrap();
            prop_assert_eq!(opened.expose(), text.as_slice());
        }

        #[test]
        fn a_changed_byte_never_opens(at in any::<prop::sample::Index>(), bit in 0..8u8) {
            let (key, here) = (key(), place(&[]));
            let mut sealed = key.seal(&here, b"a refresh token").unwrap();
            let at = at.index(sealed.0.len());
            sealed.0[at] ^= 1 << bit;
            prop_assert!(key.open(&here, &sealed).is_err());
        }

        #[test]
        fn garbage_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(key().open(&place(&[]), &Sealed(bytes)).is_err());
        }
    }
}
