use super::*;
use crate::contract::loaded;
use crate::failure::Failure;
use proptest::prelude::*;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, SerializeOptions, Value};
use serde_json::json;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use std::io;
use valetkey_proto::v1::tools::ExecuteToolResponse;
use valetkey_proto::well_known::{ListValue, Struct, Value as WireValue, value};

/// JSON without blanks, in which doubles that are whole numbers are integers.
struct WholeNumbers;

impl Formatter for WholeNumbers {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        match whole(value) {
            Some(number) => write!(writer, "{number}"),
            None => CompactFormatter.write_f64(writer, value),
        }
    }
}

/// What the library that reads descriptors writes of a message; nothing where it has no JSON form.
fn by_the_library(message: &DynamicMessage, sparse: bool) -> Option<String> {
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(sparse);
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, WholeNumbers);
    message.serialize_with_options(&mut serializer, &options).ok()?;
    Some(String::from_utf8(text).unwrap())
}

fn by_plan(plan: &Plan, bytes: &[u8]) -> Option<String> {
    plan.write(bytes).ok().map(|text| String::from_utf8(text).unwrap())
}

fn of(name: &str) -> MessageDescriptor {
    loaded().pool.get_message_by_name(name).unwrap()
}

/// All messages of the contract, and what else a method answers with.
fn messages() -> Vec<MessageDescriptor> {
    let contract = loaded();
    let ours = |message: &MessageDescriptor| {
        let package = message.package_name();
        (package.starts_with("scalekit.v1") || package == "valetkey.v1") && !message.is_map_entry()
    };
    let mut all: Vec<_> = contract.pool.all_messages().filter(ours).collect();
    for answer in contract.methods().iter().map(|method| method.descriptor.output()) {
        if !all.contains(&answer) {
            all.push(answer);
        }
    }
    all
}

/// Numbers that follow from a seed.
struct Dice {
    seed: u64,
    /// How many members a map has at most: the library's come in no order.
    members: u64,
}

impl Dice {
    fn next(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 27)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn text(&mut self) -> String {
        const SOME: [&str; 7] =
            ["", "ann@example.com", "\"\\/\u{8}\n\u{1f}\u{7f}", "\u{e9}\u{1f600}\u{2028}", "a, b", "NULL", "</script>"];
        SOME[usize::try_from(self.below(7)).unwrap()].to_owned()
    }

    /// As it may come, or small, so that instants and names of enums are met.
    fn number(&mut self) -> u64 {
        match self.below(6) {
            0 => self.next(),
            1 => self.next() >> 34,
            2 => u64::MAX - self.below(3),
            3 => 0,
            _ => self.below(5),
        }
    }

    fn double(&mut self) -> f64 {
        const SOME: [f64; 12] = [
            0.0,
            -0.0,
            1.0,
            0.1,
            -3.5,
            1e16,
            1e300,
            5e-324,
            9_007_199_254_740_994.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ];
        // Those that are no numbers are rare, for they end most messages.
        let some = if self.below(20) == 0 { 12 } else { 9 };
        SOME[usize::try_from(self.below(some)).unwrap()]
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "any number will do")]
fn value(dice: &mut Dice, field: &FieldDescriptor, depth: usize) -> Value {
    match field.kind() {
        Kind::Bool => Value::Bool(dice.below(2) == 1),
        Kind::Int32 => Value::I32(dice.number() as i32),
        Kind::Int64 => Value::I64(dice.number() as i64),
        Kind::Uint32 => Value::U32(dice.number() as u32),
        Kind::Double => Value::F64(dice.double()),
        Kind::String => Value::String(dice.text()),
        Kind::Enum(_) => Value::EnumNumber(dice.number() as i32),
        Kind::Message(of) => Value::Message(message(dice, &of, depth)),
        other => panic!("no message of the contract had {other:?} before"),
    }
}

fn message(dice: &mut Dice, of: &MessageDescriptor, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields().filter(|_| depth < 6) {
        if dice.below(3) == 0 {
            continue;
        }
        let made = if let Some(entry) = field.kind().as_message().filter(|_| field.is_map()) {
            let to = entry.map_entry_value_field();
            let entries = (0..dice.below(dice.members + 1))
                .map(|n| (MapKey::String(format!("{n}{}", dice.text())), value(dice, &to, depth + 1)));
            Value::Map(entries.collect())
        } else if field.is_list() {
            Value::List((0..dice.below(4)).map(|_| value(dice, &field, depth + 1)).collect())
        } else {
            value(dice, &field, depth + 1)
        };
        message.set_field(&field, made);
    }
    message
}

#[test]
fn every_message_of_the_contract_but_one_has_a_plan() {
    let without: Vec<_> = messages().iter().filter_map(|message| Plan::of(message).err()).collect();
    let [why] = without.as_slice() else { panic!("{without:?}") };
    assert!(why.to_string().contains("UpdateOrganizationRequest.update_mask'"), "{why}");
    let all: Vec<_> = messages().iter().map(|message| message.full_name().to_owned()).collect();
    assert!(all.len() > 200 && all.contains(&"google.protobuf.Struct".to_owned()), "{all:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_message_is_written_as_the_library_writes_it_byte_for_byte(seed in any::<u64>()) {
        let mut dice = Dice { seed, members: 1 };
        for of in messages() {
            let Ok(plan) = Plan::of(&of) else { continue };
            for _ in 0..4 {
                let message = message(&mut dice, &of, 0);
                let bytes = message.encode_to_vec();
                prop_assert_eq!(by_plan(&plan, &bytes), by_the_library(&message, false), "{}", of.full_name());
            }
        }
    }

    #[test]
    fn maps_of_several_members_are_the_same_values(seed in any::<u64>()) {
        let mut dice = Dice { seed, members: 4 };
        let read = |text: Option<String>| text.map(|text| serde_json::from_str::<serde_json::Value>(&text).unwrap());
        for of in messages() {
            let Ok(plan) = Plan::of(&of) else { continue };
            let message = message(&mut dice, &of, 0);
            let written = read(by_plan(&plan, &message.encode_to_vec()));
            prop_assert_eq!(written, read(by_the_library(&message, false)), "{}", of.full_name());
        }
    }

    #[test]
    fn errors_are_written_as_the_library_writes_them(seed in any::<u64>()) {
        let mut dice = Dice { seed, members: 1 };
        let carried = |dice: &mut Dice| message(dice, &of("scalekit.v1.errdetails.ErrorInfo"), 0).encode_to_vec();
        for _ in 0..50 {
            let mut any = DynamicMessage::new(of("google.protobuf.Any"));
            any.set_field_by_name("type_url", Value::String("type.googleapis.com/scalekit.v1.errdetails.ErrorInfo".into()));
            any.set_field_by_name("value", Value::Bytes(carried(&mut dice).into()));
            let mut status = DynamicMessage::new(of("google.rpc.Status"));
            status.set_field_by_name("code", Value::I32(i32::try_from(dice.below(17)).unwrap()));
            status.set_field_by_name("message", Value::String(dice.text()));
            status.set_field_by_name("details", Value::List(vec![Value::Message(any); usize::try_from(dice.below(3)).unwrap()]));
            let written = by_plan(&loaded().errors, &status.encode_to_vec());
            prop_assert!(written.is_some());
            prop_assert_eq!(written, by_the_library(&status, true));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(loaded().errors.write(&bytes));
        for method in loaded().methods() {
            drop(method.answer().unwrap().write(&bytes));
        }
    }

    #[test]
    fn broken_messages_are_refused_or_written_whole(seed in any::<u64>(), at in any::<prop::sample::Index>()) {
        let mut dice = Dice { seed, members: 3 };
        for method in loaded().methods() {
            let mut bytes = message(&mut dice, &method.descriptor.output(), 0).encode_to_vec();
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }
            if let Ok(text) = method.answer().unwrap().write(&bytes) {
                prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok(), "{}", method.path);
            }
        }
    }
}

#[test]
fn a_real_answer_is_written_as_the_library_writes_it_with_its_members_in_order() {
    let kind = |kind| WireValue { kind: Some(kind) };
    let list = ListValue { values: vec![kind(value::Kind::BoolValue(true)), WireValue { kind: None }] };
    let inner = [("z", value::Kind::NumberValue(-0.5)), ("a", value::Kind::ListValue(list))];
    let inner = Struct { fields: inner.map(|(name, of)| (name.to_owned(), kind(of))).into() };
    let members = [
        ("zebra", value::Kind::StringValue("\u{1f511}".into())),
        ("apple", value::Kind::StructValue(inner)),
        ("\"quoted\"", value::Kind::NullValue(0)),
        ("count", value::Kind::NumberValue(42.0)),
    ];
    let data = Struct { fields: members.map(|(name, of)| (name.to_owned(), kind(of))).into() };
    let bytes = ExecuteToolResponse { data: Some(data), execution_id: "exec_1".into() }.encode_to_vec();
    let of = of("scalekit.v1.tools.ExecuteToolResponse");
    let written = by_plan(&Plan::of(&of).unwrap(), &bytes);
    assert_eq!(
        written.as_deref(),
        Some(
            "{\"data\":{\"\\\"quoted\\\"\":null,\"apple\":{\"a\":[true,null],\"z\":-0.5},\"count\":42,\
             \"zebra\":\"\u{1f511}\"},\"execution_id\":\"exec_1\"}"
        )
    );
    assert_eq!(written, by_the_library(&DynamicMessage::decode(of, bytes.as_slice()).unwrap(), false));
}

#[test]
fn members_lie_by_their_numbers_and_nothing_is_between_them() {
    let plan = Plan::of(&of("scalekit.v1.mcp.McpInstance")).unwrap();
    // The identifier (3), the id (1), a field that nobody knows, and the id once more.
    let text = by_plan(&plan, b"\x1a\x03ann\x0a\x01x\xfa\x7f\x01y\x0a\x01z");
    assert_eq!(text.as_deref(), Some(r#"{"id":"z","name":"","user_identifier":"ann","url":""}"#));
}

#[test]
fn an_error_of_ours_says_what_is_there_and_nothing_else() {
    let status = tonic::Status::from(Failure::invalid("no \"name\""));
    let written = by_plan(&loaded().errors, status.details()).unwrap();
    let wanted = json!({ "code": 3, "message": "no \"name\"", "details": [
        { "@type": "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo", "error_code": "INVALID_ARGUMENT" } ] });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), wanted);
    // A detail of another type has no form, nor has it for the library.
    assert!(by_plan(&loaded().errors, b"\x08\x03\x1a\x09\x0a\x07x/y.Foo").is_none());
}

#[test]
fn what_lies_too_deep_is_refused_and_not_followed() {
    let answer = of("scalekit.v1.tools.ExecuteToolResponse");
    let (plan, data) = (Plan::of(&answer).unwrap(), answer.get_field_by_name("data").unwrap().number());
    // Lists in lists, the outermost in a member of a Struct.
    let wrap = |number: u32, inside: &[u8]| {
        let mut bytes = Vec::new();
        prost::encoding::encode_key(number, WireType::LengthDelimited, &mut bytes);
        prost::encoding::encode_varint(inside.len() as u64, &mut bytes);
        [bytes, inside.to_vec()].concat()
    };
    let nested = |depth: usize| {
        let lists = (0..depth).fold(Vec::new(), |inside, _| wrap(6, &wrap(1, &inside)));
        wrap(data, &wrap(1, &wrap(2, &lists)))
    };
    assert!(plan.write(&nested(40)).is_ok());
    assert!(matches!(plan.write(&nested(60)), Err(Unwritable::Bytes(_))));
    assert!(matches!(plan.write(&nested(2_000)), Err(Unwritable::Bytes(_))));
}
