//! A message's bytes as JSON, by the plan of its type (`written/plan.rs`): what a method answers, and an error's details.
//!
//! Names are in snake_case. 64-bit integers are texts (proto3's rule), and doubles that are whole numbers integers, as they
//! went in. The bytes are our own: of what is there once the last is taken, where a client would put messages together, and
//! fields that nobody knows are passed over.

mod plan;

pub(crate) use plan::Plan;

use crate::number::whole;
use plan::{Form, Shape};
use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint};
use serde::Serialize;
use std::fmt::Display;
use std::io::Write as _;
use std::ops::{Range, RangeInclusive};
use valetkey_proto::well_known::{Duration, Timestamp};

/// How deep messages may lie in each other, as for what reads them elsewhere.
const MAX_DEPTH: usize = 100;

/// The instants that JSON has a form for, in seconds: the years 1 to 9999.
const INSTANTS: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// The longest time that it has one for, in seconds: ten thousand years.
const LONGEST: u64 = 315_576_000_000;

/// Why a message can't be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwritable {
    /// The bytes are no message of the type.
    #[error("it is no such message: {0}")]
    Bytes(&'static str),
    /// A value that JSON has no form for.
    #[error("JSON has no form for {0}")]
    Value(&'static str),
    /// It could not be put into the text.
    #[error(transparent)]
    Text(#[from] serde_json::Error),
}

impl From<prost::DecodeError> for Unwritable {
    fn from(_: prost::DecodeError) -> Self {
        Self::Bytes("its bytes break off or are none of the protocol's")
    }
}

type Result<T> = std::result::Result<T, Unwritable>;

impl Plan {
    /// The JSON of a message.
    ///
    /// # Errors
    /// It is none of the plan's type, or holds a value that JSON has no form for.
    pub(crate) fn write(&self, message: &[u8]) -> Result<Vec<u8>> {
        let text = Vec::with_capacity(message.len().saturating_mul(2).max(256));
        let mut writer = Writer { plan: self, text, found: Vec::new() };
        writer.value(&self.whole, Wire::Bytes(message), 0)?;
        Ok(writer.text)
    }
}

/// A value on the wire.
#[derive(Clone, Copy)]
enum Wire<'a> {
    Varint(u64),
    Double(f64),
    Bytes(&'a [u8]),
}

struct Writer<'a> {
    plan: &'a Plan,
    text: Vec<u8>,
    /// The values of the messages that are being written, the outermost first, each with its field's place.
    found: Vec<(usize, Wire<'a>)>,
}

impl<'a> Writer<'a> {
    fn message(&mut self, place: usize, bytes: &'a [u8], depth: usize) -> Result<()> {
        let mut members = Members::open(&mut self.text, b'{');
        self.fields(place, bytes, depth, &mut members)?;
        self.text.push(b'}');
        Ok(())
    }

    fn fields(&mut self, place: usize, bytes: &'a [u8], depth: usize, members: &mut Members) -> Result<()> {
        let plan: &'a Plan = self.plan;
        let fields = plan.messages.get(place).ok_or(Unwritable::Bytes("its type is not planned"))?;
        let depth = deeper(depth)?;
        let begin = self.found.len();
        let mut rest = bytes;
        while let Some((number, value)) = next(&mut rest)? {
            if let Ok(place) = fields.binary_search_by_key(&number, |field| field.number) {
                self.found.push((place, value));
            }
        }
        // They come nearly in order: a choice's stand where its first would.
        if let Some(found) = self.found.get_mut(begin..) {
            found.sort_by_key(|(place, _)| *place);
        }
        let mut at = begin;
        for (place, field) in fields.iter().enumerate() {
            let first = at;
            while self.found.get(at).is_some_and(|(of, _)| *of == place) {
                at += 1;
            }
            if first < at || field.always {
                members.next(&mut self.text);
                self.text.extend_from_slice(field.name.as_bytes());
                self.field(&field.shape, first..at, depth)?;
            }
        }
        self.found.truncate(begin);
        Ok(())
    }

    /// A member's value, of what was found of it.
    fn field(&mut self, shape: &'a Shape, mut found: Range<usize>, depth: usize) -> Result<()> {
        match shape {
            Shape::One(form) => {
                let last = found.next_back().map_or(Ok(zero(form)), |at| self.found(at))?;
                self.value(form, last, depth)
            }
            Shape::List(form) => {
                let mut members = Members::open(&mut self.text, b'[');
                for at in found {
                    match (form, self.found(at)?) {
                        (Form::Enum(_), Wire::Bytes(packed)) => self.packed(form, packed, &mut members)?,
                        (_, value) => {
                            members.next(&mut self.text);
                            self.value(form, value, depth)?;
                        }
                    }
                }
                self.text.push(b']');
                Ok(())
            }
            Shape::Map(form) => {
                let mut members = Members::open(&mut self.text, b'{');
                for at in found {
                    members.next(&mut self.text);
                    let [key, value] = two(self.found(at)?.bytes()?)?;
                    self.key(key)?;
                    self.value(form, value.unwrap_or(zero(form)), depth)?;
                }
                self.text.push(b'}');
                Ok(())
            }
        }
    }

    fn found(&self, at: usize) -> Result<Wire<'a>> {
        self.found.get(at).map(|(_, value)| *value).ok_or(Unwritable::Bytes("a value of it is lost"))
    }

    /// Numbers that lie one behind another.
    fn packed(&mut self, form: &'a Form, mut bytes: &'a [u8], members: &mut Members) -> Result<()> {
        while !bytes.is_empty() {
            let value = Wire::Varint(decode_varint(&mut bytes)?);
            members.next(&mut self.text);
            self.value(form, value, 0)?;
        }
        Ok(())
    }

    /// A map's key and its colon.
    fn key(&mut self, key: Option<Wire<'a>>) -> Result<()> {
        self.quoted(key.map_or(Ok(&[][..]), Wire::bytes)?)?;
        self.text.push(b':');
        Ok(())
    }

    fn value(&mut self, form: &'a Form, value: Wire<'a>, depth: usize) -> Result<()> {
        match form {
            Form::Bool => self.scalar(value.number()? != 0),
            Form::Int32 => self.scalar(int32(value)?),
            Form::Uint32 => self.scalar(value.number()? & u64::from(u32::MAX)),
            Form::Int64 => self.text_of(value.number()?.cast_signed()),
            Form::Double => self.double(value.double()?),
            Form::Text => self.quoted(value.bytes()?),
            Form::Enum(names) => {
                let number = int32(value)?;
                match names.iter().find(|(of, _)| *of == number) {
                    Some((_, name)) => self.text.extend_from_slice(name.as_bytes()),
                    None => self.scalar(number)?,
                }
                Ok(())
            }
            Form::Message(place) => self.message(*place, value.bytes()?, depth),
            Form::Wrapper(inner) => {
                let [value, _] = two(value.bytes()?)?;
                self.value(inner, value.unwrap_or(zero(inner)), depth)
            }
            Form::Timestamp => {
                let instant = Timestamp::decode(value.bytes()?)?;
                if INSTANTS.contains(&instant.seconds) {
                    self.text_of(instant)
                } else {
                    Err(Unwritable::Value("an instant that far away"))
                }
            }
            Form::Duration => {
                let length = Duration::decode(value.bytes()?)?;
                if length.seconds.unsigned_abs() <= LONGEST && length.nanos.unsigned_abs() < 1_000_000_000 {
                    self.text_of(length)
                } else {
                    Err(Unwritable::Value("a time that long"))
                }
            }
            Form::Struct => self.members(value.bytes()?, depth),
            Form::ListValue => self.items(value.bytes()?, depth),
            Form::Any => self.carried(value.bytes()?, depth),
        }
    }

    /// A `google.protobuf.Any`: the members of the message in it, and first of what type it is.
    fn carried(&mut self, bytes: &'a [u8], depth: usize) -> Result<()> {
        let [named, message] = two(bytes)?;
        let named = named.map_or(Ok(&[][..]), Wire::bytes)?;
        let name = named.rsplit(|byte| *byte == b'/').next().and_then(|name| std::str::from_utf8(name).ok());
        let place = name.and_then(|name| self.plan.places.get(name));
        let place = *place.ok_or(Unwritable::Value("a message of a type that is not planned"))?;
        let mut members = Members::open(&mut self.text, b'{');
        members.next(&mut self.text);
        self.text.extend_from_slice(b"\"@type\":");
        self.quoted(named)?;
        self.fields(place, message.map_or(Ok(&[][..]), Wire::bytes)?, depth, &mut members)?;
        self.text.push(b'}');
        Ok(())
    }

    /// A `google.protobuf.Struct`, whose members lie in the order of their names.
    fn members(&mut self, mut bytes: &'a [u8], depth: usize) -> Result<()> {
        let depth = deeper(depth)?;
        let mut members = Members::open(&mut self.text, b'{');
        while let Some((_, entry)) = next(&mut bytes)? {
            members.next(&mut self.text);
            let [name, value] = two(entry.bytes()?)?;
            self.key(name)?;
            self.any(value.map_or(Ok(&[][..]), Wire::bytes)?, depth)?;
        }
        self.text.push(b'}');
        Ok(())
    }

    /// A `google.protobuf.ListValue`.
    fn items(&mut self, mut bytes: &'a [u8], depth: usize) -> Result<()> {
        let depth = deeper(depth)?;
        let mut members = Members::open(&mut self.text, b'[');
        while let Some((_, item)) = next(&mut bytes)? {
            members.next(&mut self.text);
            self.any(item.bytes()?, depth)?;
        }
        self.text.push(b']');
        Ok(())
    }

    /// A `google.protobuf.Value`: null, number, text, truth, members, items, by their numbers there.
    fn any(&mut self, mut bytes: &'a [u8], depth: usize) -> Result<()> {
        let depth = deeper(depth)?;
        match next(&mut bytes)? {
            None | Some((1, _)) => self.text.extend_from_slice(b"null"),
            Some((2, number)) => match number.double()? {
                number if number.is_finite() => self.double(number)?,
                _ => return Err(Unwritable::Value("a number that is none")),
            },
            Some((3, text)) => self.quoted(text.bytes()?)?,
            Some((4, truth)) => self.scalar(truth.number()? != 0)?,
            Some((5, members)) => self.members(members.bytes()?, depth)?,
            Some((6, items)) => self.items(items.bytes()?, depth)?,
            Some(_) => return Err(Unwritable::Bytes("a value of no kind")),
        }
        Ok(())
    }

    fn scalar(&mut self, value: impl Serialize) -> Result<()> {
        Ok(serde_json::to_writer(&mut self.text, &value)?)
    }

    fn quoted(&mut self, text: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(text).map_err(|_| Unwritable::Bytes("a text that is not UTF-8"))?;
        self.scalar(text)
    }

    /// What needs no escape in quotes.
    fn text_of(&mut self, value: impl Display) -> Result<()> {
        write!(self.text, "\"{value}\"").map_err(|_| Unwritable::Value("what does not show itself"))
    }

    fn double(&mut self, value: f64) -> Result<()> {
        match whole(value) {
            Some(number) => self.scalar(number),
            None if value.is_finite() => self.scalar(value),
            None if value.is_nan() => self.scalar("NaN"),
            None => self.scalar(if value > 0.0 { "Infinity" } else { "-Infinity" }),
        }
    }
}

impl<'a> Wire<'a> {
    fn number(self) -> Result<u64> {
        if let Self::Varint(number) = self {
            Ok(number)
        } else {
            Err(Unwritable::Bytes("no number where one should be"))
        }
    }

    fn double(self) -> Result<f64> {
        if let Self::Double(value) = self { Ok(value) } else { Err(Unwritable::Bytes("no double where one should be")) }
    }

    fn bytes(self) -> Result<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(Unwritable::Bytes("no bytes where some should be")) }
    }
}

/// The low half, as the protocol has it of a varint that is too long.
fn int32(value: Wire<'_>) -> Result<i32> {
    let [a, b, c, d, ..] = value.number()?.to_le_bytes();
    Ok(i32::from_le_bytes([a, b, c, d]))
}

/// What separates the members of an object, or the items of a list.
struct Members(bool);

impl Members {
    fn open(text: &mut Vec<u8>, bracket: u8) -> Self {
        text.push(bracket);
        Self(false)
    }

    fn next(&mut self, text: &mut Vec<u8>) {
        if std::mem::replace(&mut self.0, true) {
            text.push(b',');
        }
    }
}

/// The next value with its field's number, while there are any.
fn next<'a>(bytes: &mut &'a [u8]) -> Result<Option<(u32, Wire<'a>)>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let (number, wire) = decode_key(bytes)?;
    let value = match wire {
        WireType::Varint => Wire::Varint(decode_varint(bytes)?),
        WireType::SixtyFourBit => {
            let (eight, rest) = bytes.split_first_chunk().ok_or(Unwritable::Bytes("a double of it breaks off"))?;
            *bytes = rest;
            Wire::Double(f64::from_le_bytes(*eight))
        }
        WireType::LengthDelimited => {
            let length = usize::try_from(decode_varint(bytes)?).unwrap_or(usize::MAX);
            let (inner, rest) = bytes.split_at_checked(length).ok_or(Unwritable::Bytes("a value of it breaks off"))?;
            *bytes = rest;
            Wire::Bytes(inner)
        }
        _ => return Err(Unwritable::Bytes("a value of a kind that nothing here has")),
    };
    Ok(Some((number, value)))
}

/// The first two fields: key and value of a map's entry, what a wrapper wraps, type and bytes of an Any.
fn two(mut bytes: &[u8]) -> Result<[Option<Wire<'_>>; 2]> {
    let mut found = [None, None];
    while let Some((number, value)) = next(&mut bytes)? {
        match number {
            1 => found[0] = Some(value),
            2 => found[1] = Some(value),
            _ => {}
        }
    }
    Ok(found)
}

/// What is meant where the wire says nothing.
const fn zero(form: &Form) -> Wire<'static> {
    match form {
        Form::Bool | Form::Int32 | Form::Int64 | Form::Uint32 | Form::Enum(_) => Wire::Varint(0),
        Form::Double => Wire::Double(0.0),
        _ => Wire::Bytes(&[]),
    }
}

fn deeper(depth: usize) -> Result<usize> {
    if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(Unwritable::Bytes("messages lie too deep in each other")) }
}

#[cfg(test)]
mod tests;
