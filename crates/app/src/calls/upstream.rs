//! A call of a remote server's tool: passed on with the user's credential, and its result handed on whole. All that holds
//! for other calls holds for it: the intent is recorded before it leaves, a credential that is refused is renewed once, and
//! what comes back is bounded and has no credential in it.

mod watched;

use super::attempt::app_name;
use super::drive::fits;
use super::failed::{Failed, FailureReason};
use super::giving::MadeOf;
use super::job::Job;
use super::paused::{Answered, Questions};
use super::question::{Asker, Withheld};
use super::standing::Standing;
use super::usable::Admitted;
use crate::accounts::remote_sessions::{self, Key};
use crate::credentials::redact::Redactor;
use crate::credentials::refresh::Opened;
use crate::credentials::schemes;
use crate::upstream::{Fault, Holding, RoomTaken, ToServer, is_sign_in, transport};
use http::Uri;
use serde_json::{Map, Value, json};
use std::sync::OnceLock;
use std::time::Duration;
use valetkey_connectors::native::HEAVY_BYTES;
use valetkey_connectors::remote::{Remote, RemoteTool};
use valetkey_connectors::words::{quoted, quoted_lines};
use valetkey_core::queue::locked;
use valetkey_core::{AnswerRoom, Limit};
use valetkey_domain::Kind;
use valetkey_domain::id::AccountId;
use valetkey_outbound::Limits;
use valetkey_outbound::oauth::lacking_scopes;
use valetkey_upstream::{Asked, Client, Error, Held, Outcome, Parameter, QuestionPolicy, UnderWay};
use watched::Watched;

/// How much of what a tool says of its failure is handed on.
const MOST_SAID: usize = 20_000;
/// How long it may take to tell a server that nobody waits for it.
const STOPPING: Duration = Duration::from_secs(1);

type Refusal = Error<Fault>;

/// Where a call goes.
struct Target<'a> {
    url: Uri,
    account: AccountId,
    key: Key,
    remote: &'a Remote,
    tool: &'a RemoteTool,
    wanted: Vec<Parameter>,
    under_way: UnderWay,
}

impl Job {
    /// Passes a call on, until the caller's deadline or its cancellation.
    pub(super) async fn pass_on(
        &self,
        arguments: &Map<String, Value>,
        admitted: &Admitted,
        credential: Opened,
    ) -> Result<(Value, AnswerRoom), Failed> {
        let (wired, tool) = (&admitted.wired, self.served.tool.remote());
        let (Some(remote), Some(prefix), Some(tool)) = (&wired.connector.remote, wired.tool_prefix(), tool) else {
            return Err(self.because(FailureReason::Off, "the tool's connection leads to no MCP server any more"));
        };
        if is_sign_in(&self.served.tool, &prefix) {
            let signed_in = said("The user has signed in. List the tools again: the app's own are there now.");
            return Ok((signed_in, AnswerRoom::default()));
        }
        let site = self.site(remote, tool, admitted)?;
        self.may_answer(&site)?;
        let mut used = vec![credential];
        let left = self.left();
        let mut ended = tokio::select! {
            biased;
            () = self.cancellation.cancelled() => Err(self.cancelled()),
            ended = tokio::time::timeout(left, self.exchange(&site, arguments, admitted, &mut used)) => {
                ended.unwrap_or_else(|_| Err(self.late()))
            }
        };
        self.stop(&site, admitted, &used).await;
        let redactor = redactor(admitted, &used);
        if site.under_way.user_asked() {
            locked(&self.withheld).get_or_insert(Withheld::Unknown);
        }
        if let Err(failed) = &mut ended {
            redactor.text(&mut failed.message);
        }
        match ended? {
            Outcome::Done(held) => self.shown(held, redactor).await,
            Outcome::Asked(asked) => Err(self.asked(asked, &site)),
        }
    }

    /// That the app wants to know something of its user first.
    fn asked(&self, Asked { questions, again }: Asked, site: &Target<'_>) -> Failed {
        let message = "the app asks the user something before it goes on, which can't be passed on right now: call again in \
                       a moment";
        let (account, address, withheld) = (site.account.clone(), site.url.to_string(), *locked(&self.withheld));
        let questions = Questions { shown: questions, again, account, address, withheld };
        Failed { questions: Some(questions.into()), ..self.because(FailureReason::Asked, message) }
    }

    /// Whether the answers that the call brings are ones for this account and address.
    fn may_answer(&self, site: &Target<'_>) -> Result<(), Failed> {
        let moved = |answered: &Answered| answered.account != site.account || answered.address != site.url.to_string();
        if self.answered.as_deref().is_some_and(moved) {
            let message = "the call was not made: what the app asked was for another account of the user, or at another \
                           address. Call the tool again without an answer";
            return Err(self.because(FailureReason::Off, message));
        }
        Ok(())
    }

    fn site<'a>(&self, remote: &'a Remote, tool: &'a RemoteTool, admitted: &Admitted) -> Result<Target<'a>, Failed> {
        if tool.own_name.is_empty() {
            let message = "the user has signed in meanwhile: list the tools again, then call the one you need";
            return Err(self.because(FailureReason::Arguments, message));
        }
        let address = remote.address(admitted.api_base.as_deref());
        let url = address.parse().map_err(|_| self.because(FailureReason::Off, "the server's address is none"))?;
        let wanted = Parameter::of(&tool.input_schema).map_err(|why| {
            self.because(FailureReason::App, format!("the tool can't be called: its input schema {why}"))
        })?;
        Ok(Target {
            url,
            account: admitted.account.id.clone(),
            key: Key::of(&admitted.account, &address),
            remote,
            tool,
            wanted,
            under_way: UnderWay::default(),
        })
    }

    /// Calls it, once more with a new credential if the server did not take the first: then it did nothing yet.
    async fn exchange(
        &self,
        site: &Target<'_>,
        arguments: &Map<String, Value>,
        admitted: &Admitted,
        used: &mut Vec<Opened>,
    ) -> Result<Outcome<RoomTaken>, Failed> {
        let host = site.url.host().unwrap_or_default();
        let turn = self.app.limits.turn(&self.ctx.environment, host, self.spare()).await;
        let _turn = turn.map_err(|full| self.full(&full))?;
        let standing = Standing::new(self, self, admitted);
        let mut answered = self.ask(site, arguments, (admitted, &standing), used).await?;
        if matches!(answered, Err(Error::Unauthorized { .. })) && admitted.wired.renews() {
            let refused = used.last().map(|opened| opened.generation);
            used.push(self.credential(admitted, refused).await?);
            answered = self.ask(site, arguments, (admitted, &standing), used).await?;
        }
        match answered {
            Ok(outcome) => Ok(outcome),
            Err(error) => Err(self.refused_by(error, site, admitted).await),
        }
    }

    async fn ask(
        &self,
        site: &Target<'_>,
        arguments: &Map<String, Value>,
        (admitted, standing): (&Admitted, &Standing<'_, Self>),
        used: &[Opened],
    ) -> Result<Result<Outcome<RoomTaken>, Refusal>, Failed> {
        let (app, ctx, bounds) = (&self.app, &self.ctx, &self.app.core.settings.bounds);
        let Some(credential) = used.last() else { return Ok(Err(Error::Unauthorized { challenge: None })) };
        let limits = Limits { timeout: self.spare(), max_bytes: bounds.answer_bytes };
        let carrier = Watched::new(self.carrier(site, admitted, credential, limits), standing);
        let client = Client { carrier: &carrier, url: &site.url, transport: transport(site.remote) };
        let mut session = app.remote_sessions.get(&site.key).await;
        let secrets = OnceLock::new();
        let secrets = || secrets.get_or_init(|| redactor(admitted, used));
        let progress = |done, total, words: &str| ctx.progress.relay(done, total, &told(secrets(), words));
        let (name, redact) = (asker(admitted, &site.url), |text: &mut String| secrets().text(text));
        let asker = Asker { name: &name, kinds: self.questions, ours: &app.core.settings.public_url, redact: &redact };
        let passes = |name: &str, question: &Value| match asker.shown(name, question) {
            Ok(shown) => Some(shown),
            Err(why) => {
                *locked(&self.withheld) = Some(why);
                None
            }
        };
        let again = self.answered.as_ref().map(|answered| &answered.again);
        let policy = QuestionPolicy { kinds: self.questions, passes: &passes, again };
        let tool = (site.tool.own_name.as_str(), site.wanted.as_slice());
        let answered = client.call(&mut session, tool, arguments, (&progress, &site.under_way), &policy).await;
        if site.under_way.tools_changed() {
            app.upstreams.forget(&site.key).await;
        }
        let good = matches!(answered, Ok(_) | Err(Error::Refused { .. } | Error::Lacks { .. }));
        let of = (&admitted.wired, &admitted.account);
        remote_sessions::keep(app, ctx, of, site.key.clone(), session.filter(|_| good)).await;
        carrier.stopped().map_or(Ok(answered), Err)
    }

    fn carrier<'a>(
        &'a self,
        site: &'a Target<'_>,
        admitted: &'a Admitted,
        credential: &'a Opened,
        limits: Limits,
    ) -> ToServer<'a> {
        let (wired, account) = (&admitted.wired, &admitted.account);
        let holding = Holding::default();
        ToServer { app: &self.app, ctx: &self.ctx, wired, account, credential, url: &site.url, limits, holding }
    }

    /// Tells the server, if it has not answered, that nobody waits for it any more.
    async fn stop(&self, site: &Target<'_>, admitted: &Admitted, used: &[Opened]) {
        let Some(credential) = used.last() else { return };
        let carrier = self.carrier(site, admitted, credential, Limits { timeout: STOPPING, max_bytes: MOST_SAID });
        let client = Client { carrier: &carrier, url: &site.url, transport: transport(site.remote) };
        match tokio::time::timeout(STOPPING, client.stop(&site.under_way)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a server was not told that nobody waits for it"),
            Err(_) => tracing::debug!("a server was not told in time that nobody waits for it"),
        }
    }

    /// The result as it goes to the caller, without credentials and not longer than it may be; one that says of itself that
    /// it is a failure is one.
    async fn shown(&self, held: Held<RoomTaken>, redactor: Redactor) -> Result<(Value, AnswerRoom), Failed> {
        let (most, bytes) = (self.app.core.settings.bounds.answer_bytes, held.bytes);
        let look = move || looked_through(held, &redactor, most);
        let seen = if bytes < HEAVY_BYTES { look() } else { self.aside(look).await? };
        match seen {
            Seen::Result(result, bytes, made_of) => self.with_room(result, bytes, made_of).await,
            Seen::Failure(said) => Err(self.because(FailureReason::App, said)),
            Seen::NoContent => {
                let message = format!("the server's result has no content{}", self.caution());
                Err(self.because(FailureReason::App, message))
            }
            Seen::TooLong => Err(self.too_long(most)),
        }
    }

    /// Why the server did not do it, and what to do.
    async fn refused_by(&self, error: Refusal, site: &Target<'_>, admitted: &Admitted) -> Failed {
        let caution = self.caution();
        let (why, message, retry_after) = match error {
            Error::Unsent(error) => return self.unsent(&error),
            Error::Unauthorized { .. } => return self.rejected_by(admitted).await,
            Error::Status { status: 403, words, challenge, .. } => {
                let lacking = challenge.as_deref().map(lacking_scopes).unwrap_or_default();
                if let Some(failed) = self.consent_lacks(admitted, lacking).await {
                    return failed;
                }
                (FailureReason::Forbidden, says("the app refuses it", &words), None)
            }
            Error::Status { status: 429, words, retry_after, .. } => {
                (FailureReason::RateLimited, says("the app asks to slow down", &words), retry_after)
            }
            Error::Status { status, words, retry_after, .. } => {
                let told = says(&format!("the app answered with status {status}"), &words);
                (FailureReason::App, format!("{told}{caution}"), retry_after)
            }
            Error::SessionEnded => {
                (FailureReason::App, "the app ended the session twice: call again in a moment".to_owned(), None)
            }
            Error::Refused { code, message } => {
                // It may have other tools by now.
                self.app.upstreams.forget(&site.key).await;
                let why = if code == -32602 { FailureReason::Arguments } else { FailureReason::App };
                (why, says("the app refused the call", &message), None)
            }
            Error::Lacks { wants, message } => {
                let message = says("the app wants more of the client than it was told that there is", &message);
                let lacks = self.passes_questions().then_some(wants);
                return Failed { lacks, ..self.because(FailureReason::App, message) };
            }
            other => (FailureReason::App, format!("{}{caution}", quoted(&other.to_string())), None),
        };
        Failed {
            retry_after: retry_after.map(|wait| wait.min(Duration::from_secs(86_400))),
            ..self.because(why, message)
        }
    }

    /// That the server wants a consent that the user has not given, with where it is given; nothing if it names none, or
    /// only what was granted: a link would lead in a circle.
    async fn consent_lacks(&self, admitted: &Admitted, mut lacking: Vec<String>) -> Option<Failed> {
        lacking.retain(|scope| !admitted.account.scopes.contains(scope));
        if lacking.is_empty() || !admitted.wired.is_oauth() {
            return None;
        }
        match self.not_covered(&admitted.wired, &lacking, &quoted(&lacking.join(", "))) {
            Ok(failed) => Some(self.linked(failed, &admitted.wired.connection, lacking).await),
            Err(failed) => Some(failed),
        }
    }

    fn unsent(&self, fault: &Fault) -> Failed {
        let error = match fault {
            Fault::Outbound(error) => error,
            Fault::Full(_) => return self.because(FailureReason::Busy, format!("{fault}{}", self.caution())),
            Fault::Withdrawn => return self.because(FailureReason::Off, format!("the call was not made: {fault}")),
            Fault::Defect => return Failed::unknown(self.execution.clone()),
        };
        let caution = if error.may_have_been_received() { self.caution() } else { "" };
        let why = match error.kind() {
            Kind::DeadlineExceeded => FailureReason::Timeout,
            Kind::InvalidArgument => FailureReason::Off,
            Kind::ResourceExhausted => {
                self.app.core.metrics.refused(Limit::Answer);
                FailureReason::App
            }
            _ => FailureReason::App,
        };
        self.because(why, format!("{error}{caution}"))
    }

    async fn rejected_by(&self, admitted: &Admitted) -> Failed {
        let wired = &admitted.wired;
        let renewed = if wired.renews() { ", though it was renewed a moment ago" } else { "" };
        let message = format!(
            "{} does not accept the user's sign-in{renewed}. The app may be failing: call again in a minute. If it goes on \
             like this, ask the user to open the link and to sign in again",
            app_name(wired)
        );
        self.with_link(FailureReason::NotConnected, message, &wired.connection).await
    }
}

/// What a result is.
enum Seen {
    Result(Value, usize, MadeOf),
    Failure(String),
    NoContent,
    TooLong,
}

fn looked_through(held: Held<RoomTaken>, redactor: &Redactor, most: usize) -> Seen {
    let Held { mut result, text, room, .. } = held;
    redactor.value(&mut result);
    if !result.get("content").is_some_and(Value::is_array) {
        return Seen::NoContent;
    }
    if result.get("isError") == Some(&Value::Bool(true)) {
        return Seen::Failure(failure(&result));
    }
    let made_of =
        || MadeOf { read: text.map(RoomTaken::into_share).into_iter().collect(), shaped: Some(room.into_share()) };
    match fits(&result, most) {
        Some(bytes) => Seen::Result(result, bytes, made_of()),
        None => Seen::TooLong,
    }
}

/// What a result that is a failure says, and what it has beside that a failure can't have.
fn failure(result: &Value) -> String {
    let mut said = quoted_lines(&texts(result).collect::<Vec<_>>().join("\n"), MOST_SAID);
    if let Some(structure) = result.get("structuredContent").filter(|value| said.is_empty() && !value.is_null()) {
        said = quoted_lines(&structure.to_string(), MOST_SAID);
    }
    if said.is_empty() {
        "the tool failed and does not say why".clone_into(&mut said);
    }
    let content = result.get("content").and_then(Value::as_array).into_iter().flatten();
    let kinds: Vec<&str> = content.filter_map(|part| part.get("type").and_then(Value::as_str)).collect();
    for (kind, words) in BESIDE_WORDS {
        let many = kinds.iter().filter(|one| **one == kind).count();
        if many > 0 {
            said.push_str(&format!("\n[Beside its words the app sent {words} ({many}), not shown with a failure]"));
        }
    }
    said
}

/// What a result may have beside words.
const BESIDE_WORDS: [(&str, &str); 4] =
    [("image", "pictures"), ("audio", "sound"), ("resource", "documents"), ("resource_link", "links to documents")];

fn says(what: &str, words: &str) -> String {
    if words.is_empty() { what.to_owned() } else { format!("{what}: {}", quoted(words)) }
}

/// What a server says of how far it is: its words, told from ours, without what was sent to it.
fn told(redactor: &Redactor, words: &str) -> String {
    let mut words = words.to_owned();
    redactor.text(&mut words);
    let words = quoted(&words);
    if words.is_empty() { words } else { format!("the app says: {words}") }
}

/// Who asks the user something: the app, the user's connection to it, and where that leads.
fn asker(admitted: &Admitted, url: &Uri) -> String {
    let wired = &admitted.wired;
    let host = url.host().unwrap_or_default();
    format!("{} (connection '{}', {host})", wired.connector.display_name, wired.connection.name)
}

/// What takes the secrets that were sent out of what comes back.
fn redactor(admitted: &Admitted, used: &[Opened]) -> Redactor {
    let secrets: Vec<_> = used.iter().flat_map(|opened| schemes::sent(&admitted.wired, opened)).collect();
    Redactor::of(&secrets.iter().collect::<Vec<_>>())
}

/// The texts of a result's content.
fn texts(result: &Value) -> impl Iterator<Item = &str> {
    let content = result.get("content").and_then(Value::as_array).into_iter().flatten();
    content.filter_map(|part| part.get("text").and_then(Value::as_str))
}

/// A result of ours.
fn said(words: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": words }] })
}

#[cfg(test)]
mod tests;
