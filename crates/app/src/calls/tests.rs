//! Where a call's work is done, when it ends, and what is looked at again after it has waited for its turn.

use super::job::Job;
use super::limits::{CallSlot, CallsOf, HostSlot};
use super::standing::Standing;
use super::usable::{Admitted, VALID_FOR};
use super::*;
use crate::accounts::{self, ImportedCredential};
use crate::connections;
use crate::credentials::refresh::Opened;
use crate::fixture::{Fixture, Reply, fixture, until};
use crate::insight::audit;
use crate::servers::configs::{self, NewMapping};
use crate::servers::instances::{self, Ensure};
use crate::servers::toolset;
use crate::tenancy::{clients, members};
use crate::tools::{self, meant};
use futures::future::poll_fn;
use serde_json::json;
use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;
use valetkey_connectors::native::Work;
use valetkey_domain::Secret;
use valetkey_domain::connection::Settings;
use valetkey_domain::ctx::Actor;
use valetkey_domain::member::Role;

const SEND: &str = "https://www.googleapis.com/auth/gmail.send";

/// A call of `gmail_send_message` that is about to be driven.
struct Ready {
    job: Job,
    admitted: Admitted,
    credential: Option<Opened>,
    arguments: Map<String, Value>,
    _in_flight: CallSlot,
}

/// `ann`'s server with Gmail, whose API is the provider's.
async fn mail() -> (Fixture, Served, Ctx) {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let base = fixture.token_url().replace("/token", "");
    let at = |path: &str| Some(format!("{base}{path}"));
    let settings = Settings {
        client_id: Some("client".into()),
        token_url: at("/token"),
        revoke_url: at("/revoke"),
        identity_url: at("/who"),
        api_base_url: at("/api"),
        ..Settings::default()
    };
    let (name, client_secret) = (Some("MAIL".into()), Some(Secret::from("hunter2")));
    let new = connections::New { name, connector: "gmail".into(), settings, client_secret };
    connections::create(app, ctx, new).await.unwrap();
    let given = ImportedCredential::Tokens {
        access_token: Secret::from("at-1"),
        refresh_token: None,
        scopes: vec![SEND.into()],
    };
    accounts::create(app, ctx, "MAIL", fixture.account.owner.clone(), Some(given), Map::new()).await.unwrap();
    let mapping = NewMapping { connection: "MAIL".into(), tools: vec!["gmail_send_message".into()] };
    let new = configs::New {
        name: "mail".into(),
        description: String::new(),
        mappings: vec![mapping],
        ..configs::New::default()
    };
    configs::create(app, ctx, new).await.unwrap();
    let wanted = Ensure { config: "mail".into(), identifier: "ann".into(), name: None };
    let instance = instances::ensure(app, ctx, wanted).await.unwrap();
    let url = instances::url(app, ctx, &instance).await.unwrap();
    let (ctx, served) = toolset::open(app, url.expose().rsplit('/').next().unwrap()).await.unwrap();
    (fixture, served, ctx)
}

async fn ready(fixture: &Fixture, server: &Served, ctx: &Ctx, body: &str) -> Ready {
    let app = &fixture.app;
    let served = server.set.find("gmail_send_message").unwrap().clone();
    let given = json!({ "to": "bob@example.com", "subject": "s", "body": body, "content_type": "text/html" });
    let arguments = served.tool.check(given.as_object().unwrap()).unwrap();
    let through = super::through::Through::Server(server.clone());
    let job = Job::new(app, ctx, through, served, Owner::of(server.identifier().clone()));
    let Ok((_in_flight, admitted, credential)) = job.ready(&job).await else { panic!("it may not begin") };
    Ready { job, admitted, credential: Some(credential), arguments, _in_flight }
}

impl Ready {
    /// As a call drives itself, and the work that it does.
    fn driven(&mut self) -> (Work, impl Future<Output = std::result::Result<(Value, AnswerRoom), Failed>>) {
        let (setting, large) = (self.job.setting(&self.admitted), is_heavy(&self.arguments));
        let work = setting.work.clone();
        let run = self.job.served.tool.start(self.arguments.clone(), setting).unwrap();
        let begun = Begun { run, work: work.clone(), large };
        (work, self.job.drive(begun, &self.admitted, self.credential.take().unwrap()))
    }
}

/// Polls once; whether it has ended.
async fn polled<F: Future>(mut future: Pin<&mut F>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await
}

/// With one thread for what may block, which is busy until it is let go.
fn on_a_busy_machine(test: impl AsyncFnOnce(Fixture, Served, Ctx, mpsc::Sender<()>)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let (fixture, served, ctx) = mail().await;
        let (let_go, held) = mpsc::channel();
        fixture.app.core.tasks.spawn_blocking(move || held.recv());
        test(fixture, served, ctx, let_go).await;
    });
}

fn long() -> String {
    "<p>word</p>".repeat(20_000)
}

#[test]
fn attack_77_a_long_mail_is_composed_off_the_async_threads_and_a_short_one_at_once() {
    on_a_busy_machine(async |fixture, served, ctx, let_go| {
        let mut short = ready(&fixture, &served, &ctx, "<p>word</p>").await;
        let (work, driven) = short.driven();
        let mut driven = pin!(driven);
        polled(driven.as_mut()).await;
        assert!(work.spent() > 0, "what is short waits for no thread");
        let mut large = ready(&fixture, &served, &ctx, &long()).await;
        let (work, driven) = large.driven();
        let mut driven = pin!(driven);
        assert!(!polled(driven.as_mut()).await);
        assert_eq!(work.spent(), 0, "composed on the thread that others' calls need");
        let_go.send(()).unwrap();
        driven.await.unwrap();
        assert!(work.spent() > 200_000, "{}", work.spent());
    });
}

#[test]
fn attack_77_a_mail_is_not_composed_any_more_once_its_caller_is_gone() {
    on_a_busy_machine(async |fixture, served, ctx, let_go| {
        let mut large = ready(&fixture, &served, &ctx, &long()).await;
        let (work, driven) = large.driven();
        {
            let mut driven = pin!(driven);
            assert!(!polled(driven.as_mut()).await);
        }
        let_go.send(()).unwrap();
        // The same thread has come to this only when it is done with the mail.
        fixture.app.core.tasks.spawn_blocking(|| ()).await.unwrap();
        assert_eq!(work.spent(), 0, "it went on for nobody");
        assert!(fixture.provider.asked("/api").is_empty());
    });
}

/// A call from the dashboard's playground.
#[tokio::test]
async fn attack_82_a_member_whose_right_ends_while_a_call_waits_for_its_turn_calls_nothing() {
    let (fixture, served, ctx) = mail().await;
    let (app, operator) = (&fixture.app, members::operator(&fixture.app));
    members::create(app, &operator, "the owner", Role::Owner).await.unwrap();
    for (name, goes, keeps) in [("stays", false, true), ("goes", true, false), ("reads", false, false)] {
        let member = members::create(app, &operator, name, Role::Developer).await.unwrap();
        let by = Ctx { actor: Actor::Member(member.id.clone()), ..ctx.clone() };
        let mut busy = Vec::new();
        for _ in 0..app.core.settings.bounds.in_flight_per_account {
            busy.push(ready(&fixture, &served, &ctx, "word").await);
        }
        let (connection, identifier) = (Some("MAIL".to_owned()), Some(served.identifier().clone()));
        let asked = tools::AccountQuery { connection, identifier, ..tools::AccountQuery::default() };
        let meant = meant(app, &by, "gmail_send_message", asked).await.unwrap();
        let (arguments, account) = (busy[0].arguments.clone(), meant.account.id.clone());
        let mut called = execute(app, &by, meant, arguments, None, RequestMemory::room(app, &by, 100).await.unwrap());
        match (goes, keeps) {
            (true, _) => members::delete(app, &operator, &member.id).await.unwrap(),
            (false, true) => {}
            (false, false) => members::set_role(app, &operator, &member.id, Role::Auditor).await.unwrap(),
        }
        until(async || app.limits.waiting_of(&CallsOf::Account(account.clone())) > 0).await;
        // It has looked, and what it saw holds for a moment.
        tokio::time::sleep(VALID_FOR).await;
        assert!(!called.task.is_finished(), "it did not wait for its turn");
        let before = fixture.provider.asked("/api").len();
        drop(busy);
        let refused = match called.answer().await {
            CallResult::Failed(failed) => failed.why == FailureReason::Off,
            CallResult::Done(_) => false,
        };
        assert_eq!((!refused, fixture.provider.asked("/api").len() > before), (keeps, keeps), "{name}");
    }
}

/// Tokens may live shorter than what is left of a token when it counts as good enough, and the provider may be slow.
#[tokio::test]
async fn a_slow_renewal_of_a_short_lived_token_is_made_once_for_a_call() {
    let fixture = fixture("{rotates: true}").await;
    let tokens = |token: &str| {
        json!({ "access_token": token, "refresh_token": "rt", "expires_in": 30, "scope": "read write" }).to_string()
    };
    fixture.sign_in(&tokens("at-1")).await;
    let (ctx, served) = toolset::open(&fixture.app, &fixture.instance().await.1).await.unwrap();
    for token in ["at-2", "at-3", "at-4"] {
        fixture.provider.will(Reply::Slowly(VALID_FOR * 2, tokens(token)));
    }
    let before = fixture.provider.asked("/token").len();
    let tool = served.set.find("acme_list_things").unwrap().clone();
    let owner = Owner::of(served.identifier().clone());
    let job = Job::new(&fixture.app, &ctx, super::through::Through::Server(served), tool, owner);
    let Ok((_, _, credential)) = job.ready(&job).await else { panic!("it may not begin") };
    assert_eq!(credential.access_token.expose(), "at-2");
    assert_eq!(fixture.provider.asked("/token").len(), before + 1);
}

/// A user who never signed in, and one who has to sign in again: making a link is work, and counted as a call's.
#[tokio::test]
async fn attack_74_a_link_is_made_only_for_a_call_that_has_its_place() {
    let (fixture, ann, ctx) = mail().await;
    let (app, api) = (&fixture.app, &fixture.ctx);
    let links = async || {
        let told = audit::newest(app, api, None, 100).await.unwrap();
        told.iter()
            .filter(|line| line.action == "authorization.link_shown" || line.action == "authorization.linked")
            .count()
    };
    let wanted = Ensure { config: "mail".into(), identifier: "bob".into(), name: None };
    let instance = instances::ensure(app, api, wanted).await.unwrap();
    let url = instances::url(app, api, &instance).await.unwrap();
    let (of_bob, bob) = toolset::open(app, url.expose().rsplit('/').next().unwrap()).await.unwrap();
    let connection = connections::by_name(app, api, "MAIL").await.unwrap();
    let account = accounts::find(app, api, &connection.id, &fixture.account.owner).await.unwrap().unwrap();
    accounts::disconnect(app, api, &accounts::AccountRef::Id(account.id.clone())).await.unwrap();
    let owner = Owner::of(bob.identifier().clone());
    let never = CallsOf::Unconnected(connection.id.clone(), owner);
    for (of, served, ctx) in [(never, &bob, &of_bob), (CallsOf::Account(account.id.clone()), &ann, &ctx)] {
        let mut busy = Vec::new();
        for _ in 0..app.core.settings.bounds.in_flight_per_account {
            busy.push(app.limits.enter(&ctx.environment, of.clone(), None, Duration::ZERO).await.unwrap());
        }
        let given = json!({ "to": "bob@example.com", "subject": "s", "body": "b" }).as_object().unwrap().clone();
        let tool = served.set.find("gmail_send_message").unwrap();
        let before = links().await;
        let mut called = start(app, ctx, served, tool, given, <(RequestMemory, Chat)>::default());
        until(async || app.limits.waiting_of(&of) > 0).await;
        assert!(!called.task.is_finished() && links().await == before, "{of:?} did not wait for its place");
        drop(busy);
        let CallResult::Failed(failed) = called.answer().await else { panic!("it was made") };
        assert!(failed.why == FailureReason::NotConnected && failed.link.is_some(), "{failed:?}");
        assert!(links().await > before);
    }
}

/// All turns at the provider's host.
async fn busy_host(fixture: &Fixture) -> Vec<HostSlot> {
    let (app, of) = (&fixture.app, &fixture.ctx.environment);
    let mut busy = Vec::new();
    for _ in 0..app.core.settings.bounds.in_flight_per_host {
        busy.push(app.limits.turn(of, "127.0.0.1", Duration::ZERO).await.unwrap());
    }
    busy
}

/// Once something waits for a turn, and what it saw before holds no more.
async fn something_waits(fixture: &Fixture) {
    until(async || fixture.app.limits.waiting_at(&fixture.ctx.environment, "127.0.0.1") > 0).await;
    tokio::time::sleep(VALID_FOR).await;
}

/// What ends what a call was called through, or with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Nothing,
    Client,
    Instance,
    Account,
    Connection,
}

impl End {
    async fn comes(self, fixture: &Fixture, served: &Served, client: &Ctx) {
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        let connection = connections::by_name(app, ctx, "MAIL").await.unwrap();
        match (self, &client.actor, &served.by) {
            (Self::Nothing, ..) => {}
            (Self::Client, Actor::Client(id, _), _) => clients::delete(app, ctx, id).await.unwrap(),
            (Self::Instance, _, OpenedBy::Instance(instance)) => {
                instances::delete(app, ctx, &instance.id).await.unwrap();
            }
            (Self::Account, ..) => {
                let account = accounts::find(app, ctx, &connection.id, &fixture.account.owner).await.unwrap().unwrap();
                accounts::disconnect(app, ctx, &accounts::AccountRef::Id(account.id)).await.unwrap();
            }
            (Self::Connection, ..) => {
                let off = connections::Change { enabled: Some(false), ..connections::Change::default() };
                connections::update(app, ctx, &connection, off).await.unwrap();
            }
            (end, ..) => panic!("{end:?} is not its end"),
        }
    }
}

#[tokio::test]
async fn attack_82_what_ends_while_a_request_waits_for_its_turn_at_the_host_lets_it_not_leave() {
    let ends = [
        ("server", End::Nothing),
        ("server", End::Instance),
        ("server", End::Account),
        ("server", End::Connection),
        ("api", End::Nothing),
        ("api", End::Client),
        ("api", End::Account),
        ("proxy", End::Nothing),
        ("proxy", End::Client),
        ("proxy", End::Connection),
    ];
    for (through, end) in ends {
        let (fixture, served, ctx) = mail().await;
        let (app, operator) = (fixture.app.clone(), &fixture.ctx);
        let issued = clients::create(&app, operator, "test", vec![clients::SECRETS_SCOPE.to_owned()]).await.unwrap();
        let client = Ctx { actor: Actor::Client(issued.client.id, issued.client.version), ..operator.clone() };
        let (connection, identifier) = (Some("MAIL".to_owned()), Some(served.identifier().clone()));
        let arguments = ready(&fixture, &served, &ctx, "word").await.arguments;
        let busy = busy_host(&fixture).await;
        let called = match through {
            "server" => {
                let (served, arguments) = (served.clone(), arguments);
                fixture.app.core.tasks.spawn(async move {
                    failure(call(&app, &ctx, &served, "gmail_send_message", arguments).await.unwrap())
                })
            }
            "api" => {
                let asked = tools::AccountQuery { connection, identifier, ..tools::AccountQuery::default() };
                let tool = meant(&app, &client, "gmail_send_message", asked).await.unwrap();
                let mut called = execute(&app, &client, tool, arguments, None, RequestMemory::default());
                fixture.app.core.tasks.spawn(async move { failure(called.answer().await) })
            }
            _ => {
                let wanted = proxy::ProxiedRequest {
                    connection: "MAIL".into(),
                    identifier: served.identifier().clone(),
                    method: http::Method::GET,
                    target: "/gmail/v1/users/me/profile".into(),
                    headers: http::HeaderMap::new(),
                    body: valetkey_outbound::Upload::Whole(bytes::Bytes::new()),
                    asked: RequestMemory::default(),
                };
                let client = client.clone();
                fixture.app.core.tasks.spawn(async move { proxy::send(&app, &client, wanted).await.err() })
            }
        };
        something_waits(&fixture).await;
        end.comes(&fixture, &served, &client).await;
        drop(busy);
        let failed = called.await.unwrap();
        let went = !fixture.provider.asked("/api").is_empty();
        assert_eq!(went, end == End::Nothing, "{through}, {end:?}: {failed:?}");
        let said = failed.map(|failed| failed.message).unwrap_or_default();
        assert!(went || !said.contains("may have carried it out"), "{through}, {end:?}: {said}");
    }
}

#[tokio::test]
async fn a_call_that_is_stopped_on_its_way_does_not_say_that_nothing_was_done() {
    let (fixture, served, ctx) = mail().await;
    let ready = ready(&fixture, &served, &ctx, "word").await;
    let standing = Standing::new(&ready.job, &ready.job, &ready.admitted);
    standing.leave().await.unwrap();
    End::Instance.comes(&fixture, &served, &ctx).await;
    standing.leave().await.unwrap();
    tokio::time::sleep(VALID_FOR * 2).await;
    let said = standing.leave().await.unwrap_err().message;
    assert!(said.starts_with("the call was stopped on its way: what it was called through was withdrawn"), "{said}");
    assert!(said.ends_with("look there before trying again"), "{said}");
}

fn failure(result: CallResult) -> Option<Failed> {
    match result {
        CallResult::Failed(failed) => Some(failed),
        CallResult::Done(_) => None,
    }
}
