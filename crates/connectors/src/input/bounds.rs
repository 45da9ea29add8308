//! How much there may be of an argument, looked at before anything reads it: the check itself, patterns and expressions
//! then have only texts and lists that are as long as such a thing can be.

use super::faults::{Faults, quoted};
use serde_json::Value;
use valetkey_domain::json::MAX_VALUES;

/// Everything that is too long, by name and with its bound.
pub(super) struct Bounds<'f> {
    faults: &'f mut Faults,
    values: usize,
}

impl<'f> Bounds<'f> {
    pub(super) const fn new(faults: &'f mut Faults) -> Self {
        Self { faults, values: 0 }
    }

    /// Looks at one argument before what it says is read from text.
    pub(super) fn look(&mut self, place: &str, described: &Value, value: &Value) {
        self.values += 1;
        if self.values >= MAX_VALUES {
            if self.values == MAX_VALUES {
                self.faults.add(|| format!("the arguments hold more than {MAX_VALUES} values"));
            }
            return;
        }
        match value {
            Value::String(text) => self.text(place, described, text),
            Value::Array(items) => self.list(place, described, items),
            Value::Object(members) => {
                for (name, member) in members {
                    let inner = described.get("properties").and_then(|known| known.get(name)).unwrap_or(&Value::Null);
                    self.look(place, inner, member);
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, place: &str, described: &Value, text: &str) {
        if described.get("type").is_some_and(|kind| kind != "string") {
            return;
        }
        let Some(most) = most(described, "maxLength") else { return };
        if text.len() > most && text.chars().nth(most).is_some() {
            let format = described.get("format").and_then(Value::as_str);
            let of = format.map(|format| format!(", as any {format} has")).unwrap_or_default();
            self.faults.add(|| format!("`{}` is too long: it has {most} characters at most{of}", quoted(place)));
        }
    }

    fn list(&mut self, place: &str, described: &Value, items: &[Value]) {
        if let Some(most) = most(described, "maxItems").filter(|most| items.len() > *most) {
            let count = items.len();
            self.faults.add(|| format!("`{}` has {count} elements; it has {most} at most", quoted(place)));
            return;
        }
        let inner = described.get("items").unwrap_or(&Value::Null);
        for (at, item) in items.iter().enumerate() {
            self.look(&format!("{place}.{at}"), inner, item);
        }
    }
}

fn most(described: &Value, key: &str) -> Option<usize> {
    described.get(key).and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok())
}
