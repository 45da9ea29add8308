//! Tools: what an agent sees of one action of a connector.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest tool name that all model vendors take.
pub const MAX_NAME: usize = 64;

/// One action of a connector, as shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its name: `<connector>_<rest>`, unique over all connectors.
    pub name: String,
    /// A short title for people.
    pub title: String,
    /// What it does, for the model.
    pub description: String,
    /// JSON Schema 2020-12 of its arguments, an object at the root.
    pub input_schema: Value,
    /// JSON Schema of its answer; only where the answer is checked against it.
    pub output_schema: Option<Value>,
    /// What calling it does to the user's data.
    pub effect: Effect,
    /// What else clients want to know of a call.
    pub hints: Hints,
}

/// What clients want to know of a call beside its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hints {
    /// Whether a second call with the same arguments adds nothing.
    pub idempotent: bool,
    /// Whether it reaches things beyond a closed set.
    pub open_world: bool,
}

impl Hints {
    /// Of a tool of which its effect is all that is known: only of reading is it known that a second call adds nothing.
    #[must_use]
    pub const fn of(effect: Effect) -> Self {
        Self { idempotent: effect.read_only(), open_world: true }
    }
}

/// What a call does to the user's data; decides hints, and whether an intent is recorded first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Adds or changes.
    Write,
    /// Removes or overwrites what cannot be brought back.
    Destructive,
}

impl Effect {
    /// All of them, the mildest first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Destructive];

    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Destructive => "destructive",
        }
    }

    /// The effect of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.as_str() == word)
    }

    /// Whether a call changes nothing (`readOnlyHint`).
    #[must_use]
    pub const fn read_only(self) -> bool {
        matches!(self, Self::Read)
    }

    /// Whether a call may destroy (`destructiveHint`).
    #[must_use]
    pub const fn destructive(self) -> bool {
        matches!(self, Self::Destructive)
    }
}
