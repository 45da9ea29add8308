//! google.protobuf.Struct and JSON objects. Its numbers are doubles: whole ones become integers again, and integers that
//! no double holds, which are ids, go out as texts.

use serde_json::{Map, Number, Value};
use valetkey_proto::well_known::value::Kind;
use valetkey_proto::well_known::{ListValue, Struct, Value as Wire};

/// The members of a Struct; none is an empty object.
pub(crate) fn members(fields: Option<Struct>) -> Map<String, Value> {
    fields.unwrap_or_default().fields.into_iter().map(|(name, value)| (name, read(value))).collect()
}

/// A JSON object as a Struct.
pub(crate) fn of(members: &Map<String, Value>) -> Struct {
    Struct { fields: members.iter().map(|(name, value)| (name.clone(), write(value))).collect() }
}

/// A list as JSON; none is an empty one.
pub(crate) fn list(list: Option<ListValue>) -> Value {
    list.unwrap_or_default().values.into_iter().map(read).collect()
}

/// A JSON list as a message; what is no list is an empty one.
pub(crate) fn list_of(value: &Value) -> ListValue {
    ListValue { values: value.as_array().into_iter().flatten().map(write).collect() }
}

fn read(value: Wire) -> Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(truth)) => Value::Bool(truth),
        Some(Kind::NumberValue(number)) => read_number(number),
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::ListValue(list)) => list.values.into_iter().map(read).collect(),
        Some(Kind::StructValue(inner)) => Value::Object(members(Some(inner))),
    }
}

/// JSON has no infinities: they become null.
fn read_number(number: f64) -> Value {
    crate::number::whole(number).or_else(|| Number::from_f64(number)).map_or(Value::Null, Value::Number)
}

/// A JSON value as a message.
pub(crate) fn write(value: &Value) -> Wire {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(truth) => Kind::BoolValue(*truth),
        Value::Number(number) => write_number(number),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => Kind::ListValue(ListValue { values: items.iter().map(write).collect() }),
        Value::Object(inner) => Kind::StructValue(of(inner)),
    };
    Wire { kind: Some(kind) }
}

/// An integer that would come out as another one goes as text.
fn write_number(number: &Number) -> Kind {
    let double = number.as_f64().unwrap_or_default();
    let lost = !number.is_f64() && crate::number::whole(double).is_none_or(|whole| whole != *number);
    if lost { Kind::StringValue(number.to_string()) } else { Kind::NumberValue(double) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_goes_in_comes_out() {
        let value =
            json!({ "domain": "acme", "port": 443, "ratio": 0.5, "on": true, "none": null, "list": [1, { "a": -2 }] });
        let object = value.as_object().unwrap();
        assert_eq!(Value::Object(members(Some(of(object)))), value);
        assert_eq!(members(None), Map::new());
    }

    #[test]
    fn an_integer_that_a_double_would_change_goes_as_text() {
        let object = json!({ "id": 9_007_199_254_740_993_i64, "most": u64::MAX, "small": -7, "edge": 9_007_199_254_740_992_i64, "far": 1e300 });
        let back = Value::Object(members(Some(of(object.as_object().unwrap()))));
        let kept = json!({ "id": "9007199254740993", "most": "18446744073709551615", "small": -7, "edge": 9_007_199_254_740_992_i64, "far": 1e300 });
        assert_eq!(back, kept);
    }
}
