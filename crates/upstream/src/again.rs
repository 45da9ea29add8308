//! A result of the modern era that is none yet: the server wants to know something, or wants its state back, and the same call
//! is made again with that.

use crate::error::Error;
use crate::message::{ELICIT, cancelled};
use crate::questions::{Again, Asked, QuestionPolicy};
use crate::under_way::UnderWay;
use serde_json::{Map, Value};

/// How many questions one result may ask.
const MOST_QUESTIONS: usize = 64;
/// How many of them are passed on.
const MOST_PASSED_ON: usize = 8;
/// The longest name of a question that is passed on.
const LONGEST_NAME: usize = 256;
/// The longest state that is kept until they are answered, and how much the questions of a call may be together, in however
/// many rounds they are asked: as written in JSON.
const LONGEST_STATE: usize = 32 * 1024;
const LONGEST_QUESTIONS: usize = 64 * 1024;

/// What is done about a result that is none.
pub(crate) enum Next {
    /// The call is made again, with this.
    Again(Again),
    /// The user is asked first.
    Ask(Asked),
}

impl Next {
    /// What is done about this one, in a call that was made with `before`. Questions that are not passed on are answered as
    /// ones that nobody saw. Whoever asks for anything else asks for what was not offered.
    pub(crate) fn after<F>(
        result: &Value,
        before: &Again,
        policy: &QuestionPolicy<'_>,
        under_way: &UnderWay,
    ) -> Result<Self, Error<F>> {
        let state = result.get("requestState").and_then(Value::as_str).map(str::to_owned);
        let asked = result.get("inputRequests").and_then(Value::as_object);
        let fits = asked.is_none_or(|all| all.len() <= MOST_PASSED_ON)
            && state.as_ref().is_none_or(|state| state.len() <= LONGEST_STATE && written(state) <= LONGEST_STATE);
        let mut again = Again { state, rounds: before.rounds + 1, shown: before.shown, ..Again::default() };
        let mut questions = Map::new();
        for (name, question) in asked.into_iter().flatten() {
            if question.get("method").and_then(Value::as_str) != Some(ELICIT) {
                let message = "the tool wants something in the midst of the call that is not offered".to_owned();
                return Err(Error::Refused { code: 0, message });
            }
            if again.answers.len() >= MOST_QUESTIONS {
                return Err(Error::TooMuch { what: "questions", most: MOST_QUESTIONS });
            }
            let may =
                fits && policy.kinds.any() && name.len() <= LONGEST_NAME && name.bytes().all(|b| b.is_ascii_graphic());
            let shown = may.then(|| (policy.passes)(name, question)).flatten();
            let shown = shown.map(|shown| (again.shown.saturating_add(written(&shown)), shown));
            if let Some((all, shown)) = shown.filter(|(all, _)| *all <= LONGEST_QUESTIONS) {
                again.shown = all;
                questions.insert(name.clone(), shown);
            } else {
                under_way.ask_user();
                again.answer(name, cancelled());
            }
        }
        if !questions.is_empty() {
            return Ok(Self::Ask(Asked { questions, again }));
        }
        if again.state.is_none() && again.answers.is_empty() {
            return Err(Error::nonsense("it wants an answer and asks nothing"));
        }
        Ok(Self::Again(again))
    }
}

/// How long this is in JSON.
fn written(value: &impl serde::Serialize) -> usize {
    serde_json::to_string(value).map_or(usize::MAX, |text| text.len())
}

impl Again {
    /// The parameters of the call.
    pub(crate) fn params(&self, tool: &str, arguments: &Map<String, Value>) -> Map<String, Value> {
        let mut params = Map::new();
        params.insert("name".to_owned(), tool.into());
        params.insert("arguments".to_owned(), Value::Object(arguments.clone()));
        if !self.answers.is_empty() {
            params.insert("inputResponses".to_owned(), Value::Object(self.answers.clone()));
        }
        if let Some(state) = &self.state {
            params.insert("requestState".to_owned(), state.clone().into());
        }
        params
    }
}
