//! Golden requests: what a tool sends for some arguments, with the app's answers written down between, and how it ends.
//! Playing a case needs no network: each request is put to a [`Mock`] made from the vendor's digest.

mod mock;
mod written;

pub use mock::Mock;

use crate::call::Step;
use crate::connector::{Connector, Tool};
use crate::failure::Unsent;
use crate::native::Work;
use crate::setting::Setting;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use valetkey_domain::Timestamp;

/// When golden calls are made: 2026-11-22, noon. What depends on the time is the same at every play.
const NOON: i64 = 1_795_348_800;
/// What golden calls have that no other call has.
const NONCE: u128 = 0x5eed;
/// How much time a call has.
const TIME: Duration = Duration::from_secs(60);
/// How many rounds of requests a call makes at most before something is wrong with it.
const MOST_ROUNDS: usize = 100;

/// One call of a tool.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, in a few words.
    pub case: String,
    /// The arguments.
    pub arguments: Map<String, Value>,
    /// What is sent and answered, round by round.
    #[serde(default)]
    pub exchange: Vec<Round>,
    /// How it ends; null until it was played once.
    #[serde(default)]
    pub end: Value,
}

/// What is sent at once, and the answers.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// The requests as [`Case`]s have them: method, address, body.
    #[serde(default)]
    pub send: Vec<Value>,
    /// The answers, in the order of the requests.
    pub answer: Vec<Answer>,
}

/// One answer of the app's.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The status.
    #[serde(default = "ok", skip_serializing_if = "is_ok")]
    pub status: u16,
    /// Headers beside the usual `content-type`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Its JSON.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
    /// A file instead of JSON: its text, or its bytes in base64 behind `base64:`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

const fn ok() -> u16 {
    200
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_ok(status: &u16) -> bool {
    *status == 200
}

/// Reads the cases of a tool.
///
/// # Errors
/// Line and reason: it is not JSON, or not of this form.
pub fn read(text: &str) -> Result<Vec<Case>, String> {
    serde_json::from_str(text).map_err(|why| why.to_string())
}

/// Cases as their file has them.
///
/// # Errors
/// They cannot be written.
pub fn text(cases: &[Case]) -> Result<String, String> {
    serde_json::to_string_pretty(cases).map(|text| text + "\n").map_err(|why| why.to_string())
}

/// Plays a case and gives it as it went, with nothing said of how it should have gone.
///
/// # Errors
/// The arguments are refused, a request leads elsewhere or is one that the vendor would refuse, the call waits, or an
/// answer is none.
pub fn played(connector: &Connector, tool: &Tool, mock: &Mock, case: &Case) -> Result<Case, String> {
    let now = Timestamp::from_second(NOON).map_err(|why| why.to_string())?;
    let work = Work::default();
    let setting = Setting { base_url: None, now, nonce: NONCE, api_config: Map::new(), work };
    let arguments = tool.check(&case.arguments).map_err(|failure| failure.message)?;
    let mut run = tool.start(arguments, setting).map_err(|failure| failure.message)?;
    let mut exchange = Vec::new();
    let mut replies = Vec::new();
    let end = loop {
        match run.next(std::mem::take(&mut replies), TIME) {
            Step::Done(value) => break json!({"done": value}),
            Step::Failed(failure) => {
                break json!({"failed": format!("{:?}", failure.kind), "message": failure.message});
            }
            Step::Wait(time) => return Err(format!("it waits for {} s: an answer asks for that", time.as_secs())),
            Step::Send(_) if exchange.len() == MOST_ROUNDS => return Err("it sends without end".to_owned()),
            Step::Send(requests) => {
                fitting(connector, mock, &requests)?;
                let known = case.exchange.get(exchange.len()).map(|round| round.answer.clone()).unwrap_or_default();
                let unasked = requests.iter().zip(&known).find_map(|(sent, answer)| mock.unasked(sent, &answer.body));
                if let Some(why) = unasked {
                    return Err(format!("an answer does not fit its document: {why}"));
                }
                let enough = known.len() == requests.len();
                replies = known.iter().map(reply).collect::<Result<_, _>>()?;
                let send = requests.iter().map(written::request).collect::<Result<_, _>>()?;
                exchange.push(Round { send, answer: known });
                if !enough {
                    break Value::Null;
                }
            }
        }
    };
    Ok(Case { case: case.case.clone(), arguments: case.arguments.clone(), exchange, end })
}

/// Each request goes to the app, and is one that the vendor would take, as far as there is a digest to tell.
fn fitting(connector: &Connector, mock: &Mock, requests: &[Request<Bytes>]) -> Result<(), String> {
    for request in requests {
        if !connector.allows(request.uri(), None) {
            return Err(format!("{} is on none of `hosts`", request.uri()));
        }
        if let Some(why) = mock.refused(request) {
            return Err(format!("the vendor would refuse {} {}: {why}", request.method(), request.uri()));
        }
    }
    Ok(())
}

fn reply(answer: &Answer) -> Result<Result<Response<Bytes>, Unsent>, String> {
    let body = match answer.file.as_deref().map(|file| (file, file.strip_prefix("base64:"))) {
        Some((_, Some(encoded))) => STANDARD.decode(encoded).map_err(|why| why.to_string())?.into(),
        Some((file, None)) => Bytes::from(file.to_owned()),
        None if answer.body.is_null() => Bytes::new(),
        None => answer.body.to_string().into(),
    };
    let mut response = Response::builder().status(answer.status);
    if !answer.headers.contains_key("content-type") {
        response = response.header("content-type", "application/json; charset=UTF-8");
    }
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(body).map(Ok).map_err(|why| why.to_string())
}
