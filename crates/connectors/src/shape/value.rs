//! Between serde's values and jaq's.

use super::bounds::TOO_MUCH;
use jaq_json::{Map as ValMap, Num, Val};
use serde_json::{Map, Number, Value};

/// Bytes of a string that weigh as much as one value.
const BYTES_PER_UNIT: usize = 64;

/// A JSON value as jaq has it.
pub(super) fn to_jaq(value: &Value) -> Val {
    match value {
        Value::Null => Val::Null,
        Value::Bool(truth) => Val::Bool(*truth),
        Value::Number(number) => tamed(Val::Num(number_to_jaq(number))),
        Value::String(text) => Val::utf8_str(text.clone().into_bytes()),
        Value::Array(items) => items.iter().map(to_jaq).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| (Val::utf8_str(key.clone().into_bytes()), to_jaq(value)));
            Val::obj(members.collect::<ValMap>())
        }
    }
}

fn number_to_jaq(number: &Number) -> Num {
    number
        .as_i64()
        .map(Num::from_integral)
        .or_else(|| number.as_u64().map(Num::from_integral))
        .unwrap_or_else(|| Num::Float(number.as_f64().unwrap_or(f64::NAN)))
}

/// The least machine integer as a big one: jaq negates machine integers without looking, and that one has no opposite.
pub(super) fn tamed(value: Val) -> Val {
    match value {
        Val::Num(Num::Int(isize::MIN)) => Val::Num(Num::from_integral(i128::from(i64::MIN) - 1) + Num::Int(1)),
        other => other,
    }
}

/// What jaq made, as JSON: what JSON cannot say (an infinite number, none) is null.
///
/// Call it only with what [`weigh`] has passed: shared parts are copied out.
pub(super) fn from_jaq(value: &Val) -> Value {
    match value {
        Val::Null => Value::Null,
        Val::Bool(truth) => Value::Bool(*truth),
        Val::Num(number) => number_from_jaq(number),
        Val::BStr(text) | Val::TStr(text) => Value::String(String::from_utf8_lossy(text).into_owned()),
        Val::Arr(items) => Value::Array(items.iter().map(from_jaq).collect()),
        Val::Obj(members) => Value::Object(
            members.iter().map(|(key, value)| (key_from_jaq(key), from_jaq(value))).collect::<Map<_, _>>(),
        ),
    }
}

fn key_from_jaq(key: &Val) -> String {
    match key {
        Val::BStr(text) | Val::TStr(text) => String::from_utf8_lossy(text).into_owned(),
        other => other.to_string(),
    }
}

fn number_from_jaq(number: &Num) -> Value {
    match number {
        Num::Int(whole) => Value::from(*whole),
        // What fits neither form of JSON's integers was summed up here, and is as good as a float.
        Num::BigInt(big) => {
            let text = big.to_string();
            let whole = text.parse::<u64>().map(Value::from).or_else(|_| text.parse::<i64>().map(Value::from));
            whole.unwrap_or_else(|_| float(text.parse().unwrap_or(f64::NAN)))
        }
        Num::Float(number) => float(*number),
        Num::Dec(text) => float(text.parse().unwrap_or(f64::NAN)),
    }
}

fn float(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// Takes a value's weight from an allowance and gives what is left, or says why the value may not be.
///
/// Parts that are shared weigh each time they appear, as they would in JSON text.
pub(super) fn weigh(value: &Val, allowance: usize, depth: usize) -> Result<usize, &'static str> {
    if depth == 0 {
        return Err("it makes a value that nests too deep");
    }
    let own = match value {
        Val::BStr(text) | Val::TStr(text) => 1 + text.len() / BYTES_PER_UNIT,
        Val::Num(Num::BigInt(big)) => 1 + usize::try_from(big.bits()).unwrap_or(usize::MAX) / (8 * BYTES_PER_UNIT),
        _ => 1,
    };
    let left = allowance.checked_sub(own).ok_or(TOO_MUCH)?;
    match value {
        Val::Arr(items) => items.iter().try_fold(left, |left, item| weigh(item, left, depth - 1)),
        Val::Obj(members) => {
            members.iter().try_fold(left, |left, (key, item)| weigh(item, weigh(key, left, depth - 1)?, depth - 1))
        }
        _ => Ok(left),
    }
}
