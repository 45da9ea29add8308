//! MACs of the rows that let somebody in. Who writes the database, and has no key, can plant no such row and change none.
//!
//! ```text
//! mac:  format (1 byte) | length of key id (1) | key id | HMAC-SHA256 (32)
//! ```

use crate::parts::{lengths, push_short, take_short};
use crate::{DataKey, Error, same};
use valetkey_domain::id::DataKeyId;

/// The format that MACs begin with. A new one gets a new number; old ones stay readable.
const FORMAT: u8 = 1;

/// The MAC of a row of this table that says this.
///
/// # Errors
/// The library failed.
pub fn make<'a>(key: &DataKey, table: &str, said: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, Error> {
    let mut mac = vec![FORMAT];
    push_short(&mut mac, key.id().as_str().as_bytes())?;
    mac.extend_from_slice(&key.digest(table, &lengths(said))?);
    Ok(mac)
}

/// The key that a MAC says it was made with; none if these bytes are no MAC.
#[must_use]
pub fn key_of(mac: &[u8]) -> Option<DataKeyId> {
    let (format, rest) = mac.split_first()?;
    let (id, _) = take_short(rest)?;
    if *format == FORMAT { DataKeyId::parse(std::str::from_utf8(id).ok()?).ok() } else { None }
}

/// Whether this MAC was made with this key, for a row of this table that said this.
///
/// # Errors
/// The library failed.
pub fn fits<'a>(
    key: &DataKey,
    table: &str,
    said: impl IntoIterator<Item = &'a [u8]>,
    mac: &[u8],
) -> Result<bool, Error> {
    Ok(same(&make(key, table, said)?, mac))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Purpose;
    use valetkey_testkit::{ManualClock, SeededRng};

    #[test]
    fn attack_70_a_mac_is_of_one_key_one_table_and_one_row() {
        let key = |seed| {
            let id = DataKeyId::new(&ManualClock::default(), &SeededRng::new(seed));
            DataKey::generate(id, None, Purpose::Row, 1).unwrap()
        };
        let (ours, other) = (key(1), key(2));
        let said: [&[u8]; 2] = [b"mem_1", b"owner"];
        let mac = make(&ours, "members", said).unwrap();
        assert_eq!(key_of(&mac).as_ref(), Some(ours.id()));
        assert!(fits(&ours, "members", said, &mac).unwrap());
        let differs: [(&DataKey, &str, &[&[u8]]); 5] = [
            (&other, "members", &said),
            (&ours, "clients", &said),
            (&ours, "members", &[b"mem_1", b"auditor"]),
            (&ours, "members", &[b"mem_1owner"]),
            (&ours, "members", &[b"mem_1", b"owner", b""]),
        ];
        for (key, table, said) in differs {
            assert!(!fits(key, table, said.iter().copied(), &mac).unwrap(), "{table} {said:?}");
        }
        for cut in 0..mac.len() {
            assert!(!fits(&ours, "members", said, &mac[..cut]).unwrap());
        }
        assert!(key_of(b"").is_none() && key_of(&[FORMAT]).is_none() && key_of(&[2, 1, b'x']).is_none());
    }
}
