//! What came of one request: a value, or a failure and whether it may pass.

use super::answer::{Needed, Unreadable, read};
use super::{graphql, link, received};
use crate::failure::{Failure, FailureKind, Unsent};
use crate::file::AnswerForm;
use crate::rules::{self, FailedRequest, Rules};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde_json::Value;
use valetkey_domain::json::unmarked;

/// The most values of a failed answer: a reason and a message are among the first.
const MAX_VALUES_OF_FAILURE: usize = 10_000;
/// The statuses that mean: not now. 500 is what apps answer when one of their machines fails.
const FOR_THE_MOMENT: [u16; 7] = [408, 425, 429, 500, 502, 503, 504];

/// How the answers of a stage are read.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) rules: &'a Rules,
    pub(super) needed: Needed<'a>,
    /// What the answers are.
    pub(super) form: AnswerForm,
    /// Whether one without a word is one, whatever its status.
    pub(super) may_be_empty: bool,
    /// Whether they are GraphQL's, and the failures that came with a part of what was asked for.
    pub(super) graphql: Option<&'a mut Vec<Failure>>,
    /// The most bytes of a file that are worth anything.
    pub(super) most: usize,
    /// How many values the call may still hold.
    pub(super) left: &'a mut usize,
    /// How many elements were left unread at the end of the list.
    pub(super) unread: &'a mut usize,
    /// The parameter of the next page's address that is wanted, and where it is put.
    pub(super) link: Option<(&'a str, &'a mut Option<Value>)>,
    /// How to ask for less, for the model.
    pub(super) read_on: &'a str,
}

/// Whether the same request may succeed a moment later.
pub(super) fn passing(failure: &Failure) -> bool {
    match failure.kind {
        FailureKind::RateLimited => true,
        // Without a status there was no answer: the connection ended before one.
        FailureKind::Upstream => failure.status.is_none_or(|status| FOR_THE_MOMENT.contains(&status)),
        FailureKind::Timeout => failure.status.is_some(),
        _ => false,
    }
}

/// What came of one request.
pub(super) fn outcome(
    reply: Result<Response<Bytes>, Unsent>,
    reader: &mut Reader<'_>,
    asked: FailedRequest,
) -> Result<Value, Failure> {
    let response = reply.map_err(|unsent| Failure::new(unsent.kind, unsent.message))?;
    let (status, headers, body) = (response.status(), response.headers(), response.body());
    if !status.is_success() {
        return Err(failed(reader.rules, asked, status, headers, body));
    }
    if let Some((parameter, token)) = &mut reader.link {
        **token = link::next(headers, parameter);
    }
    let rules = reader.rules;
    if reader.form == AnswerForm::File {
        return received::file(headers, body, reader.most)
            .ok_or_else(|| rules.too_much(asked, status, "bytes", reader.read_on));
    }
    let may_be_empty = reader.may_be_empty || [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT].contains(&status);
    // Whoever reads members of nothing finds each of them null, and would give that as what the app said.
    let nothing = || match rules.failure(asked, status, headers, &Value::Null) {
        Some(failure) => Err(failure),
        None if may_be_empty => Ok(Value::Null),
        None => Err(rules.nonsense(asked, status, "nothing")),
    };
    if unmarked(body).trim_ascii().is_empty() {
        return nothing();
    }
    match read(body, reader.needed, reader.left) {
        Ok(read) if read.value.is_null() => nothing(),
        Ok(read) => {
            *reader.unread += read.unread;
            let failure = rules.failure(asked, status, headers, &read.value);
            match &mut reader.graphql {
                Some(in_part) if graphql::has_errors(&read.value) => {
                    let failure = failure.unwrap_or_else(|| rules.unruled(asked, status, &read.value));
                    if !graphql::has_data(&read.value) {
                        return Err(failure);
                    }
                    in_part.push(failure);
                    Ok(read.value)
                }
                _ => failure.map_or(Ok(read.value), Err),
            }
        }
        Err(Unreadable::TooMany) => Err(rules.too_much(asked, status, "values", reader.read_on)),
        Err(Unreadable::Malformed) if !rules::is_json(headers) => {
            Err(rules.nonsense(asked, status, "something that is not JSON"))
        }
        Err(Unreadable::Malformed) => Err(rules.nonsense(asked, status, "JSON that is cut short or malformed")),
    }
}

/// What a failed answer says; of its body only what says it is read.
fn failed(rules: &Rules, asked: FailedRequest, status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Failure {
    let needed = Needed { demand: rules.demand(), list: None };
    let body = read(body, needed, &mut MAX_VALUES_OF_FAILURE.clone()).map_or(Value::Null, |read| read.value);
    let failure = rules.failure(asked, status, headers, &body);
    failure.unwrap_or_else(|| rules.nonsense(asked, status, "nothing that can be read"))
}
