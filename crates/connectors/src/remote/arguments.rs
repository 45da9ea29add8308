//! The arguments of a remote server's tool. The server checks them by its own schema; what is looked at here is what can be
//! said at once and never wrongly: what is missing, what it takes nothing of, and what is of another type altogether.

use super::placeholders::Placeholders;
use crate::failure::Failure;
use serde_json::{Map, Value};
use valetkey_domain::invisible::shown;
use valetkey_domain::nearest;

/// The most faults that are told at once.
const MOST: usize = 10;
/// The most names that are listed.
const NAMES: usize = 60;

/// What is known of the arguments.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    required: Vec<String>,
    known: Vec<(String, Vec<String>)>,
    closed: bool,
    /// Names that were changed to be shown, with the server's own.
    renamed: Vec<(String, String)>,
    placeholders: Placeholders,
}

impl Arguments {
    /// Of a schema as it is shown; `plain` if that says of each argument by itself what it takes.
    pub(crate) fn of(shown: &Value, renamed: Vec<(String, String)>, plain: bool) -> Self {
        let texts = |value: Option<&Value>| -> Vec<String> {
            let list = value.and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let types = |property: &Value| match property.get("type") {
            Some(Value::String(one)) => vec![one.clone()],
            list => texts(list),
        };
        let properties = shown.get("properties").and_then(Value::as_object).into_iter().flatten();
        Self {
            required: texts(shown.get("required")),
            known: properties.map(|(name, property)| (name.clone(), types(property))).collect(),
            closed: shown.get("additionalProperties") == Some(&Value::Bool(false))
                && shown.get("patternProperties").is_none(),
            renamed,
            placeholders: if plain { Placeholders::of(shown) } else { Placeholders::default() },
        }
    }

    /// The arguments as the server has them, without those that say that there is nothing.
    pub(crate) fn check(&self, tool: &str, given: &Map<String, Value>) -> Result<Map<String, Value>, Failure> {
        let mut taken = given.clone();
        taken.values_mut().for_each(whole);
        taken.retain(|name, value| !self.placeholders.has(name, value));
        let mut faults: Vec<String> = Vec::new();
        for name in &self.required {
            if !taken.contains_key(name) {
                faults.push(format!("`{name}` is missing"));
            }
        }
        for (name, value) in &taken {
            match self.known.iter().find(|(known, _)| known == name) {
                Some((_, types)) if !types.is_empty() && !types.iter().any(|one| is(one, value)) => {
                    faults.push(format!("`{name}` is not of type {}", types.join(" or ")));
                }
                None if self.closed => faults.push(self.unknown(name)),
                _ => {}
            }
        }
        if !faults.is_empty() {
            faults.truncate(MOST);
            return Err(Failure::invalid(format!(
                "{tool}: {}. Correct the arguments and call again.",
                faults.join("; ")
            )));
        }
        for (shown, own) in &self.renamed {
            if let Some(value) = taken.shift_remove(shown) {
                taken.insert(own.clone(), value);
            }
        }
        Ok(taken)
    }

    fn unknown(&self, name: &str) -> String {
        let names = || self.known.iter().map(|(known, _)| known.as_str());
        let meant = nearest(name, names()).map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
        let shown = shown(name, 64);
        let all = names().take(NAMES).collect::<Vec<_>>().join(", ");
        format!("there is no argument `{shown}`{meant}; it takes {}", if all.is_empty() { "none" } else { &all })
    }
}

/// Protobuf's `Struct`, which carries the SDKs' arguments, has doubles only: 3.0 is sent as 3, which says the same.
fn whole(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(float) = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15) {
                #[expect(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
                let integer = float as i64;
                *value = integer.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole),
        Value::Object(members) => members.values_mut().for_each(whole),
        _ => {}
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_can_be_said_at_once_is_said_by_name() {
        let schema = json!({"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": ["integer", "null"]}, "_top": {}},
            "required": ["city"], "additionalProperties": false});
        let arguments = Arguments::of(&schema, vec![("_top".into(), "$top".into())], true);
        let check = |given: Value| arguments.check("p_x", given.as_object().unwrap());
        assert_eq!(
            Value::Object(check(json!({"city": "Graz", "days": 3.0, "_top": [1.0]})).unwrap()),
            json!({"city": "Graz", "days": 3, "$top": [1]})
        );
        for (given, said) in [
            (json!({}), "`city` is missing"),
            (json!({"city": 1}), "not of type string"),
            (json!({"city": "a", "citty": 1}), "did you mean `city`"),
        ] {
            assert!(check(given.clone()).unwrap_err().message.contains(said), "{given}");
        }
        let open = Arguments::of(&json!({"type": "object", "properties": {}}), Vec::new(), true);
        assert!(open.check("p_x", json!({"anything": 1.5}).as_object().unwrap()).is_ok());
    }

    #[test]
    fn a_placeholder_that_the_schema_refuses_is_left_out_and_nothing_else() {
        let schema = json!({"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"},
            "sort": {"enum": ["up", "down"]}, "note": {"type": "string"}, "on": {"type": "boolean"}}, "required": ["city"]});
        let given = json!({"city": "", "days": null, "sort": "", "note": "", "on": false, "other": null});
        let check = |plain| Arguments::of(&schema, vec![], plain).check("p_x", given.as_object().unwrap());
        let kept = json!({"city": "", "note": "", "on": false, "other": null});
        assert_eq!(Value::Object(check(true).unwrap()), kept);
        assert!(check(false).unwrap_err().message.contains("`days` is not of type integer"), "nothing is plain there");
    }
}
