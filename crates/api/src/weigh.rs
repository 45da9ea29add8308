//! How many values a message holds, counted on the wire and before any of them is made: two bytes there can be a hundred
//! in memory, where every request in flight has its own.

use crate::failure::Failure;
use bytes::Buf;
use prost::DecodeError;
use prost::encoding::{WireType, decode_key, decode_varint};
use prost_reflect::{Kind, MessageDescriptor};
use valetkey_domain::json::MAX_VALUES;

/// How deep the count goes. What decodes messages goes no deeper, and says so.
const MAX_DEPTH: usize = 100;

/// How many values a message has; one of more than a document of JSON may have is refused.
///
/// # Errors
/// It has more. Of bytes that are no message nothing is said here: decoding them says it better.
pub(crate) fn check(of: &MessageDescriptor, message: &[u8]) -> Result<usize, Failure> {
    let mut left = MAX_VALUES;
    match count(of, message, &mut left, 0) {
        Err(Stop::Full) => Err(Failure::invalid(format!("the request holds more than {MAX_VALUES} values"))),
        Ok(()) | Err(Stop::NoMessage) => Ok(MAX_VALUES - left),
    }
}

/// Why counting ended before the message did.
enum Stop {
    Full,
    NoMessage,
}

impl From<DecodeError> for Stop {
    fn from(_: DecodeError) -> Self {
        Self::NoMessage
    }
}

fn count(of: &MessageDescriptor, mut bytes: &[u8], left: &mut usize, depth: usize) -> Result<(), Stop> {
    while !bytes.is_empty() {
        spend(left, 1)?;
        let (number, wire) = decode_key(&mut bytes)?;
        match wire {
            WireType::Varint => drop(decode_varint(&mut bytes)?),
            WireType::ThirtyTwoBit => skip(&mut bytes, 4)?,
            WireType::SixtyFourBit => skip(&mut bytes, 8)?,
            WireType::StartGroup | WireType::EndGroup => {}
            WireType::LengthDelimited => {
                let length = usize::try_from(decode_varint(&mut bytes)?).map_err(|_| Stop::NoMessage)?;
                let (inner, rest) = bytes.split_at_checked(length).ok_or(Stop::NoMessage)?;
                bytes = rest;
                match of.get_field(number).map(|field| field.kind()) {
                    Some(Kind::Message(inside)) if depth < MAX_DEPTH => count(&inside, inner, left, depth + 1)?,
                    None | Some(Kind::String | Kind::Bytes | Kind::Message(_)) => {}
                    Some(kind) => spend(left, packed(&kind, inner))?,
                }
            }
        }
    }
    Ok(())
}

/// How many numbers are packed into these bytes.
fn packed(kind: &Kind, bytes: &[u8]) -> usize {
    match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => bytes.len() / 8,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => bytes.len() / 4,
        // A varint ends with the byte whose highest bit is not set.
        _ => bytes.iter().filter(|byte| **byte < 0x80).count(),
    }
}

fn spend(left: &mut usize, values: usize) -> Result<(), Stop> {
    *left = left.checked_sub(values).ok_or(Stop::Full)?;
    Ok(())
}

fn skip(bytes: &mut &[u8], length: usize) -> Result<(), Stop> {
    if bytes.len() < length {
        return Err(Stop::NoMessage);
    }
    bytes.advance(length);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::loaded;
    use proptest::prelude::*;

    fn refused(message: &str, bytes: &[u8]) -> bool {
        let of = loaded().pool.get_message_by_name(&format!("scalekit.v1.{message}")).unwrap();
        check(&of, bytes).is_err()
    }

    #[test]
    fn attack_78_a_message_of_many_small_values_is_refused_before_it_is_one() {
        // Empty mappings (field 3); tools of one mapping (field 4); fields that nobody knows.
        let mappings = |count: usize| [0x1a, 0].repeat(count);
        assert!(!refused("mcp.UpdateMcpConfigRequest", &mappings(MAX_VALUES)));
        assert!(refused("mcp.UpdateMcpConfigRequest", &mappings(MAX_VALUES + 1)));
        assert!(refused("mcp.UpdateMcpConfigRequest", &[0x78, 0].repeat(MAX_VALUES + 1)));
        let tools = [0x22, 0].repeat(MAX_VALUES);
        let mut nested = vec![0x1a];
        prost::encoding::encode_varint(tools.len() as u64, &mut nested);
        nested.extend(tools);
        assert!(refused("mcp.UpdateMcpConfigRequest", &nested), "what is further inside counts too");
        assert!(!refused("mcp.UpdateMcpConfigRequest", &[&[0x12, 0x80, 0x80, 0x04][..], &[b'x'; 65_536]].concat()));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(!refused("connections.UpdateEnvironmentConnectionRequest", &bytes));
        }
    }
}
