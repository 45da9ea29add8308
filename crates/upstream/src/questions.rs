//! What becomes of the questions that a server asks its user in the midst of a call.

use serde_json::{Map, Value, json};

/// The kinds of questions that a client shows its user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuestionKinds {
    /// Forms to fill in.
    pub forms: bool,
    /// Pages to open.
    pub pages: bool,
}

/// How the questions of one call are dealt with.
pub struct QuestionPolicy<'a> {
    /// The kinds that the server is told it may ask. What it asks beside them is answered as a question that nobody saw.
    pub kinds: QuestionKinds,
    /// What is to be asked of the user in place of a question, which the server calls so; nothing, if it is not passed on.
    pub passes: &'a (dyn Fn(&str, &Value) -> Option<Value> + Sync),
    /// What goes with the call from the first request on, if it was made before.
    pub again: Option<&'a Again>,
}

/// What goes back to the server with a call that is made again; nothing with the first.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Again {
    /// What the server wants back.
    pub(crate) state: Option<String>,
    /// The answers to its questions.
    pub(crate) answers: Map<String, Value>,
    /// How many results of this call were none.
    pub(crate) rounds: usize,
    /// How much was asked of the user in them, in bytes of JSON.
    #[serde(default)]
    pub(crate) shown: usize,
}

/// Questions for the user, without whose answers a call does not go on.
#[derive(Debug, PartialEq)]
pub struct Asked {
    /// Each, in the protocol's form, under the server's name for it.
    pub questions: Map<String, Value>,
    /// What goes back with the answers.
    pub again: Again,
}

impl QuestionKinds {
    /// Whether there is any.
    #[must_use]
    pub const fn any(self) -> bool {
        self.forms || self.pages
    }

    /// As capabilities of a client.
    pub(crate) fn capabilities(self) -> Value {
        let mut kinds = Map::new();
        for (name, taken) in [("form", self.forms), ("url", self.pages)] {
            if taken {
                kinds.insert(name.to_owned(), json!({}));
            }
        }
        if kinds.is_empty() { json!({}) } else { json!({ "elicitation": kinds }) }
    }
}

impl QuestionPolicy<'_> {
    /// For a call whose user nobody asks.
    pub const NOTHING: QuestionPolicy<'static> =
        QuestionPolicy { kinds: QuestionKinds { forms: false, pages: false }, passes: &|_, _| None, again: None };
}

impl Again {
    /// Adds the answer to a question.
    pub fn answer(&mut self, name: &str, answer: Value) {
        self.answers.insert(name.to_owned(), answer);
    }
}
