//! A result of the modern era that is none yet: the server wants to know something, or wants its state back, and the same call
//! is made again with that.

use crate::error::Error;
use crate::message::{ELICIT, cancelled};
use crate::under_way::UnderWay;
use serde_json::{Map, Value};

/// How many questions one result may ask.
const MOST_QUESTIONS: usize = 64;

/// What goes back to the server with a call that is made again; nothing with the first.
#[derive(Default)]
pub(crate) struct Again {
    state: Option<Value>,
    answers: Map<String, Value>,
}

impl Again {
    /// What goes back after a result that is none yet. Questions to the user are answered as ones that nobody saw: they are
    /// not passed on. Whoever asks for anything else asks for what was not offered.
    pub(crate) fn after<F>(result: &Value, under_way: &UnderWay) -> Result<Self, Error<F>> {
        let state = result.get("requestState").filter(|state| state.is_string()).cloned();
        let mut answers = Map::new();
        for (name, question) in result.get("inputRequests").and_then(Value::as_object).into_iter().flatten() {
            if question.get("method").and_then(Value::as_str) != Some(ELICIT) {
                let message = "the tool wants something in the midst of the call that is not offered".to_owned();
                return Err(Error::Refused { code: 0, message });
            }
            if answers.len() >= MOST_QUESTIONS {
                return Err(Error::TooMuch { what: "questions", most: MOST_QUESTIONS });
            }
            under_way.ask_user();
            answers.insert(name.clone(), cancelled());
        }
        if state.is_none() && answers.is_empty() {
            return Err(Error::nonsense("it wants an answer and asks nothing"));
        }
        Ok(Self { state, answers })
    }

    /// The parameters of the call.
    pub(crate) fn params(&self, tool: &str, arguments: &Map<String, Value>) -> Map<String, Value> {
        let mut params = Map::new();
        params.insert("name".to_owned(), tool.into());
        params.insert("arguments".to_owned(), Value::Object(arguments.clone()));
        if !self.answers.is_empty() {
            params.insert("inputResponses".to_owned(), Value::Object(self.answers.clone()));
        }
        if let Some(state) = &self.state {
            params.insert("requestState".to_owned(), state.clone());
        }
        params
    }
}
