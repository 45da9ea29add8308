//! A call that waits for its user, to open a page of ours or to answer what a remote server asks: what its agent carries
//! meanwhile, and comes back with.
//!
//! The state is sealed for the server that was called and its user, and says which tool was called with which arguments
//! and until when it may come back; where a remote server asks, also what, by which version of the config, with which account
//! and at which address, and what that server wants back. Nothing of it is kept but that it came back, so that it does so
//! once.

use super::question::{self, Withheld};
use crate::servers::toolset::Served;
use crate::{App, Error, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use valetkey_core::{journal, places};
use valetkey_domain::id::AccountId;
use valetkey_domain::sealed::Sealed;
use valetkey_domain::time::{from_millis, to_millis};
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::spent_states;
use valetkey_upstream::Again;
use valetkey_vault::{Purpose, random, sha256};

/// The longest text that is looked at as a state. What is given is shorter: of a server's state and questions no more is
/// passed on.
const LONGEST: usize = 192 * 1024;

/// What tells a call of a server from every other call of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    tool: String,
    /// SHA-256 of the arguments, whatever order they are in; in hexadecimal digits.
    arguments: String,
}

impl Fingerprint {
    /// That of a call.
    #[must_use]
    pub fn of(tool: &str, arguments: &Map<String, Value>) -> Self {
        let mut sorted = Value::Object(arguments.clone());
        sorted.sort_all_objects();
        Self { tool: tool.to_owned(), arguments: hex::encode(sha256(sorted.to_string().as_bytes())) }
    }
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct State {
    id: String,
    call: Fingerprint,
    /// In milliseconds.
    until: i64,
    /// What a remote server wants to know first, by which version of the config; nothing where the user has to open a page of
    /// ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<(i64, Questions)>,
}

/// Questions of a remote server, without whose answers a call does not go on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Questions {
    /// Each as the user is shown it, in the protocol's form, under the server's name for it.
    pub(super) shown: Map<String, Value>,
    /// What goes back to the server with the answers.
    pub(super) again: Again,
    /// Whose account it was called with, at which address.
    pub(super) account: AccountId,
    pub(super) address: String,
    /// Why something else that was asked in this call was shown to nobody, if there was such.
    pub(super) withheld: Option<Withheld>,
}

impl Questions {
    /// The requests for the user's input, by name.
    #[must_use]
    pub fn requests(&self) -> Map<String, Value> {
        let request = |params: &Value| json!({ "method": "elicitation/create", "params": params });
        self.shown.iter().map(|(name, params)| (name.clone(), request(params))).collect()
    }
}

/// What became of a call that came back.
#[derive(Debug)]
pub enum Return {
    /// It goes on.
    GoesOn(Resumed),
    /// Something is not answered yet: it is asked for once more, under the same state.
    Unanswered(Box<Questions>),
}

/// What a call comes back with that waited for its user.
#[derive(Debug)]
pub enum Resumed {
    /// The user was to open a page of ours.
    Page,
    /// The user has answered what a remote server asked.
    Answered(Box<Answered>),
}

/// Answers to the questions of a remote server.
#[derive(Debug)]
pub struct Answered {
    /// What goes to the server.
    pub(super) again: Again,
    /// Whose account the call has to be made with, at which address.
    pub(super) account: AccountId,
    pub(super) address: String,
    /// As in [`Questions`].
    pub(super) withheld: Option<Withheld>,
}

/// What the agent is given to come back with; `questions` where a remote server asks them.
///
/// # Errors
/// The key cannot be had.
pub async fn pause(
    app: &App,
    ctx: &Ctx,
    served: &Served,
    call: &Fingerprint,
    questions: Option<&Questions>,
) -> Result<String> {
    let id = random::bearer("")?.expose().to_owned();
    let asked = questions.map(|questions| (version(served), questions.clone()));
    let until = to_millis(app.core.now() + app.core.settings.chat_link_life);
    let text = serde_json::to_vec(&State { id, call: call.clone(), until, asked }).map_err(Error::internal)?;
    let place = places::paused_call(ctx, served.id(), served.identifier());
    let sealed = app.core.keyring.seal(&ctx.environment, Purpose::Flow, &place, &text).await?;
    Ok(URL_SAFE_NO_PAD.encode(&sealed.0))
}

/// Takes what the agent came back with: it is this server's, this user's, for this call, in time, and comes for the first
/// time. `responses` are the user's answers, as the agent sent them; without one to each question nothing is taken.
///
/// # Errors
/// `INVALID_ARGUMENT`, in the same words whatever of that it is not; an answer does not fit its question, which can be
/// answered again; or it cannot be said right now.
pub async fn resume(
    app: &App,
    ctx: &Ctx,
    served: &Served,
    call: &Fingerprint,
    (state, responses): (&str, Option<&Value>),
) -> Result<Return> {
    let unknown =
        || Error::invalid("this state belongs to no call that waits here (any more): call the tool without it");
    let sealed = (state.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.decode(state).ok()).flatten().ok_or_else(unknown)?;
    let place = places::paused_call(ctx, served.id(), served.identifier());
    let opened = app.core.keyring.open(&ctx.environment, Purpose::Flow, &place, &Sealed(sealed)).await;
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) if error.kind() == Kind::Unavailable => return Err(error),
        Err(_) => return Err(unknown()),
    };
    let state: State = serde_json::from_slice(opened.expose()).map_err(|_| unknown())?;
    let (until, now) = (from_millis(state.until), app.core.now());
    if state.call != *call || until <= now {
        return Err(unknown());
    }
    let resumed = match state.asked {
        None => Resumed::Page,
        Some((asked_by, _)) if asked_by != version(served) => return Err(unknown()),
        Some((_, questions)) if !are_answered(&questions, responses) => {
            return Ok(Return::Unanswered(Box::new(questions)));
        }
        Some((_, questions)) => Resumed::Answered(Box::new(answered(questions, responses)?)),
    };
    let mut change = app.core.change(ctx).await?;
    if !spent_states::spend(ctx, &mut change, &state.id, until, now).await? {
        return Err(unknown());
    }
    let detail = journal::detail([("tool", Value::from(call.tool.as_str()))]);
    change.record("call.resumed", served.id(), detail).await?.commit().await?;
    Ok(Return::GoesOn(resumed))
}

/// Whether there is something said to each question.
fn are_answered(questions: &Questions, responses: Option<&Value>) -> bool {
    let said = |name: &String| responses.and_then(|all| all.get(name)).is_some_and(|one| !one.is_null());
    questions.shown.keys().all(said)
}

/// What a remote server is told that asked this. What was answered beside its questions is left out.
fn answered(questions: Questions, responses: Option<&Value>) -> Result<Answered> {
    let Questions { shown, mut again, account, address, withheld } = questions;
    for (name, shown) in &shown {
        let response = responses.and_then(|all| all.get(name));
        let answer = question::answer(shown, response);
        again
            .answer(name, answer.map_err(|why| Error::invalid(format!("the answer to '{name}' does not fit: {why}")))?);
    }
    Ok(Answered { again, account, address, withheld })
}

/// The version of the config that says what is served; none where it is no config's.
fn version(served: &Served) -> i64 {
    served.set.config.as_ref().map_or(0, |(_, version)| *version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;
    use crate::servers::{instances, toolset};
    use futures::future::join_all;
    use std::time::Duration;

    fn call(tool: &str, arguments: Value) -> Fingerprint {
        let Value::Object(arguments) = arguments else { panic!("arguments") };
        Fingerprint::of(tool, &arguments)
    }

    #[tokio::test]
    async fn a_state_comes_back_once_for_the_same_call_in_time() {
        let fixture = fixture("{rotates: true}").await;
        let (_, token) = fixture.instance().await;
        let app = &fixture.app;
        let (ctx, served) = toolset::open(app, &token).await.unwrap();
        let (this, other) = (call("acme_list_things", json!({ "a": 1, "b": 2 })), call("acme_send_thing", json!({})));
        let state = pause(app, &ctx, &served, &this, None).await.unwrap();
        assert!(!state.contains("acme") && state.len() < 1024, "{}", state.len());
        // Another call, another server of the same user, and a text that is none.
        let ensure =
            instances::Ensure { config: "config".into(), identifier: "ann".into(), name: Some("other".into()) };
        let elsewhere = instances::ensure(app, &fixture.ctx, ensure).await.unwrap();
        let url = instances::url(app, &fixture.ctx, &elsewhere).await.unwrap();
        let (theirs, elsewhere) = toolset::open(app, url.expose().rsplit('/').next().unwrap()).await.unwrap();
        let changed = call("acme_list_things", json!({ "a": 1, "b": 3 }));
        let mut refusals = Vec::new();
        for (ctx, served, call, state) in [
            (&ctx, &served, &other, state.as_str()),
            (&ctx, &served, &changed, state.as_str()),
            (&theirs, &elsewhere, &this, state.as_str()),
            (&ctx, &served, &this, &state[..state.len() - 2]),
            (&ctx, &served, &this, "no state"),
        ] {
            refusals.push(resume(app, ctx, served, call, (state, None)).await.unwrap_err());
        }
        // The order of arguments is no part of them.
        let same = call("acme_list_things", json!({ "b": 2, "a": 1 }));
        let came = join_all((0..8).map(|_| resume(app, &ctx, &served, &same, (&state, None)))).await;
        assert_eq!(came.iter().filter(|came| came.is_ok()).count(), 1, "single use, also of those at once");
        refusals.extend(came.into_iter().filter_map(Result::err));
        let late = pause(app, &ctx, &served, &this, None).await.unwrap();
        fixture.clock.advance(Duration::from_secs(15 * 60));
        refusals.push(resume(app, &ctx, &served, &this, (&late, None)).await.unwrap_err());
        for refused in &refusals {
            assert_eq!((refused.kind(), refused.message()), (Kind::InvalidArgument, refusals[0].message()));
        }
    }
}
