//! The arguments `add_label_ids` and `remove_label_ids`, which several tools have.

use super::scope::{Scope, argument};
use super::work::Work;
use crate::Failure;
use serde_json::Value;

/// The labels that are put on and taken off.
#[derive(Debug)]
pub(super) struct LabelLists {
    pub(super) add: Vec<String>,
    pub(super) remove: Vec<String>,
}

impl LabelLists {
    pub(super) fn read(scope: &Scope, work: &Work) -> Result<Self, Failure> {
        Ok(Self { add: list(scope, "add_label_ids", work)?, remove: list(scope, "remove_label_ids", work)? })
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }

    /// # Errors
    /// A label is put on and taken off at once.
    pub(super) fn agree(&self) -> Result<(), Failure> {
        let removed: std::collections::HashSet<&String> = self.remove.iter().collect();
        match self.add.iter().find(|label| removed.contains(label)) {
            Some(both) => {
                let both: String = both.chars().take(100).collect();
                Err(Failure::invalid(format!("the label {both} would be added and removed at once; decide for one")))
            }
            None => Ok(()),
        }
    }
}

fn list(scope: &Scope, name: &str, work: &Work) -> Result<Vec<String>, Failure> {
    let given = match argument(scope, name) {
        None => return Ok(Vec::new()),
        Some(Value::Array(given)) => given,
        Some(_) => return Err(Failure::invalid(format!("`{name}` must be a list of label ids"))),
    };
    let mut labels = Vec::with_capacity(given.len());
    for one in given {
        let Some(label) = one.as_str().map(str::trim).filter(|label| !label.is_empty()) else {
            return Err(Failure::invalid(format!("`{name}` must be a list of label ids, none of them empty")));
        };
        work.spend(1 + label.len())?;
        labels.push(label.to_owned());
    }
    Ok(labels)
}
