use super::*;
use crate::fixture::{Fixture, HOUR, Reply, fixture};
use crate::servers::{configs, instances};
use crate::tenancy::environments;
use std::time::Duration;
use valetkey_domain::approval::Approvals;
use valetkey_domain::config::Options;
use valetkey_domain::connection::Settings;

async fn ask(fixture: &Fixture, question: Question, tool: Option<&str>) -> Vec<(Topic, State)> {
    let why = why(&fixture.app, &fixture.ctx, question, tool).await.unwrap();
    why.steps.into_iter().map(|step| (step.what, step.state)).collect()
}

/// The one thing that stands in the way, in its words and those of what mends it.
async fn hindrance(fixture: &Fixture, question: Question, tool: Option<&str>) -> (Topic, String, Remedy) {
    let why = why(&fixture.app, &fixture.ctx, question, tool).await.unwrap();
    let mut all = why.hindrances();
    let first = all.next().expect("something stops it").clone();
    assert_eq!(all.next(), None);
    (first.what, first.words.clone(), first.mend.expect("every hindrance says what mends it"))
}

fn account(fixture: &Fixture) -> Question {
    Question::Account(fixture.account.id.clone())
}

fn url(token: &str) -> Question {
    Question::Url(Secret::from(format!("{}/mcp/v1/{token}", *crate::fixture::PUBLIC)), None)
}

#[tokio::test]
async fn what_waits_for_the_users_word_is_told() {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    let (app, ctx, send) = (&fixture.app, &fixture.ctx, "acme_send_thing");
    let (instance, token) = fixture.instance().await;
    let told = async |question, tool| {
        let steps = why(app, ctx, question, tool).await.unwrap().steps;
        let approval = steps.into_iter().filter(|step| step.what == Topic::Approval);
        approval.map(|step| (step.state, step.words)).collect::<Vec<_>>()
    };
    assert_eq!(told(url(&token), Some(send)).await, []);
    let config = configs::get(app, ctx, &instance.config).await.unwrap();
    let options =
        Options { approvals: Approvals { destructive: false, tools: vec![send.into()] }, ..Options::default() };
    let edit = configs::Edit { options: Some(options), ..configs::Edit::default() };
    configs::edit(app, ctx, config, edit).await.unwrap();
    let asks = (State::Care, format!("config wants the user's word for each call of {send}."));
    assert_eq!(told(url(&token), Some(send)).await, std::slice::from_ref(&asks));
    assert_eq!(told(url(&token), Some("acme_list_things")).await, []);
    let (of_user, served) = crate::servers::toolset::open(app, &token).await.unwrap();
    crate::calls::call(app, &of_user, &served, send, serde_json::Map::new()).await.unwrap();
    let [first, (state, words)] = &told(url(&token), Some(send)).await[..] else { panic!("a call waits") };
    assert_eq!((first, state), (&asks, &State::Care));
    assert!(words.starts_with("1 call waits for the user's word"), "{words}");
    assert_eq!(told(account(&fixture), None).await, [(*state, words.clone())]);
    fixture.clock.advance(Duration::from_secs(3_600));
    assert_eq!(told(account(&fixture), None).await, []);
}

#[tokio::test]
async fn what_works_is_told_step_by_step() {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    let (_, token) = fixture.instance().await;
    let fine = ask(&fixture, url(&token), Some("acme_list_things")).await;
    let all = [Topic::Url, Topic::Config, Topic::Tool, Topic::Connection, Topic::Account, Topic::Access, Topic::Scopes];
    assert_eq!(fine, [&all[..], &[Topic::Limits]].concat().into_iter().map(|w| (w, State::Fine)).collect::<Vec<_>>());
    let user = || Question::User("my_acme".into(), Identifier::parse("ann").unwrap());
    for question in [account(&fixture), user()] {
        let steps = ask(&fixture, question, None).await;
        assert_eq!(steps.iter().map(|(what, _)| *what).collect::<Vec<_>>(), [all[3], all[4], all[5], Topic::Limits]);
    }
}

#[tokio::test]
async fn each_hindrance_is_the_one_that_a_call_meets_and_says_what_mends_it() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let link = RemedyPlace::Link(
        fixture.connection.name.clone(),
        fixture.account.owner.clone(),
        Some(fixture.account.id.clone()),
    );
    let (what, words, mend) = hindrance(&fixture, account(&fixture), None).await;
    assert_eq!((what, mend.at), (Topic::Account, link.clone()));
    assert!(words.contains("has not signed in yet"), "{words}");
    let nobody = Question::User("MY_ACME".into(), Identifier::parse("nobody").unwrap());
    assert!(hindrance(&fixture, nobody, None).await.1.contains("has no account"));
    fixture.sign_in(r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600,"scope":"read"}"#).await;
    let (what, words, mend) = hindrance(&fixture, account(&fixture), Some("acme_send_thing")).await;
    assert_eq!((what, mend.at), (Topic::Scopes, link.clone()));
    assert!(words.contains("write"), "{words}");
    fixture.provider.will(Reply::Answer(400, r#"{"error":"invalid_grant"}"#.into()));
    fixture.clock.advance(Duration::from_secs(3601));
    let ended = ask(&fixture, account(&fixture), None).await;
    assert!(ended.contains(&(Topic::Access, State::Fine)), "the next call renews it");
    fixture.token(None).await.unwrap_err();
    let (what, words, mend) = hindrance(&fixture, account(&fixture), None).await;
    assert_eq!((what, mend.at), (Topic::Account, link));
    assert!(words.contains("the app withdrew it"), "{words}");
    let off = connections::Change { enabled: Some(false), ..Default::default() };
    connections::update(app, ctx, &fixture.connection, off).await.unwrap();
    let why = why(app, ctx, account(&fixture), None).await.unwrap();
    let first = why.hindrances().next().unwrap();
    assert_eq!(
        (first.what, first.mend.clone().unwrap().at),
        (Topic::Connection, RemedyPlace::Connection(fixture.connection.id.clone()))
    );
}

#[tokio::test]
async fn a_provider_that_does_not_renew_is_told_until_it_does() {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    fixture.clock.advance(Duration::from_secs(3570));
    fixture.provider.will(Reply::Answer(401, "{}".into()));
    fixture.token(None).await.ok();
    let steps = ask(&fixture, account(&fixture), None).await;
    assert!(steps.contains(&(Topic::Access, State::Care)) && steps.contains(&(Topic::Last, State::Care)), "{steps:?}");
    fixture.clock.advance(Duration::from_secs(45));
    let refused = why(&fixture.app, &fixture.ctx, account(&fixture), None).await.unwrap();
    assert!(refused.works(), "its pause is over, so the next call asks again: {refused:?}");
    fixture.provider.gives(HOUR);
    fixture.token(None).await.unwrap();
    let steps = ask(&fixture, account(&fixture), None).await;
    assert!(steps.iter().all(|(_, state)| *state == State::Fine), "{steps:?}");
}

#[tokio::test]
async fn a_url_that_opens_nothing_says_why() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    fixture.sign_in(HOUR).await;
    let (instance, token) = fixture.instance().await;
    let (_, none, _) = hindrance(&fixture, url(&token[..token.len() - 2]), None).await;
    assert!(none.contains("cut short"), "{none}");
    let other = environments::create(app, "theirs", None).await.unwrap();
    let theirs = crate::entrance::doors::operator(app, &other.id);
    let foreign = why(app, &theirs, url(&token), None).await.unwrap();
    assert_eq!(foreign.steps[0].words, none, "attack 7: like one that was made up");
    assert!(
        hindrance(&fixture, Question::Url(Secret::from("https://x.example/"), None), None)
            .await
            .1
            .contains("no MCP URL")
    );
    let (what, words, mend) = hindrance(&fixture, url(&token), Some("acme_list_thing")).await;
    assert_eq!((what, mend.words.as_str()), (Topic::Tool, "Did you mean acme_list_things?"), "{words}");
    assert!(hindrance(&fixture, url(&token), Some("gmail_fetch_mails")).await.1.contains("has no connection of Gmail"));
    let mapping = configs::NewMapping { connection: "MY_ACME".into(), tools: vec!["acme_list_things".into()] };
    configs::update(app, ctx, &instance.config, None, Some(vec![mapping])).await.unwrap();
    let (what, _, mend) = hindrance(&fixture, url(&token), Some("acme_send_thing")).await;
    assert_eq!((what, mend.at), (Topic::Tool, RemedyPlace::Config(instance.config.clone())));
    instances::rotate_url(app, ctx, &instance.id).await.unwrap();
    let (what, _, mend) = hindrance(&fixture, url(&token), None).await;
    assert_eq!((what, mend.at), (Topic::Url, RemedyPlace::Instance(instance.id.clone())));
    instances::delete(app, ctx, &instance.id).await.unwrap();
    assert!(hindrance(&fixture, url(&token), None).await.1.contains("was deleted"));
}

#[tokio::test]
async fn a_connection_with_scopes_of_its_own_is_what_has_to_change() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let settings = Settings { scopes: vec!["read".into()], ..fixture.connection.settings.clone() };
    let change = connections::Change { settings: Some(settings), ..Default::default() };
    connections::update(app, ctx, &fixture.connection, change).await.unwrap();
    fixture.sign_in(r#"{"access_token":"at-1","expires_in":3600,"scope":"read"}"#).await;
    let (what, _, mend) = hindrance(&fixture, account(&fixture), Some("acme_send_thing")).await;
    assert_eq!((what, mend.at), (Topic::Scopes, RemedyPlace::Connection(fixture.connection.id.clone())));
}

#[tokio::test]
async fn a_static_url_is_judged_with_its_session_token() {
    use crate::servers::sessions;
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    fixture.sign_in(HOUR).await;
    let (instance, _) = fixture.instance().await;
    let config = configs::get(app, ctx, &instance.config).await.unwrap();
    let url = configs::server_url(app, &config);
    let of = |token: Option<&str>| Question::Url(Secret::from(url.as_str()), token.map(Secret::from));
    let without = ask(&fixture, of(None), None).await;
    assert_eq!(without, [(Topic::Url, State::Care)]);
    assert!(hindrance(&fixture, of(Some("e30.e30.e30")), None).await.1.contains("does not open this URL"));
    let wanted = sessions::WantedToken {
        of: sessions::SessionTarget::Config(config.id.clone()),
        identifier: "ann".into(),
        access: Default::default(),
        life: None,
    };
    let issued = sessions::create(app, ctx, wanted).await.unwrap();
    let token = issued.token.expose();
    let fine = ask(&fixture, of(Some(token)), Some("acme_list_things")).await;
    assert!(fine.iter().all(|(_, state)| *state == State::Fine), "{fine:?}");
    fixture.clock.advance(Duration::from_secs(2 * 3600));
    assert!(hindrance(&fixture, of(Some(token)), None).await.1.contains("expired"));
}

#[tokio::test]
async fn the_last_call_that_went_wrong_is_told_until_one_goes_well() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    fixture.sign_in(HOUR).await;
    let (_, token) = fixture.instance().await;
    let call = async || {
        let (ctx, served) = crate::servers::toolset::open(app, &token).await.unwrap();
        crate::calls::call(app, &ctx, &served, "acme_list_things", Default::default()).await.unwrap()
    };
    fixture.provider.will_answer(Reply::Answer(404, "{}".into()));
    call().await;
    for tool in [None, Some("acme_list_things")] {
        let told = why(app, ctx, account(&fixture), tool).await.unwrap();
        let last = told.steps.iter().find(|step| step.what == Topic::Last).expect("it is told");
        assert!(last.words.contains("acme_list_things") && last.words.contains("no such thing"), "{}", last.words);
        assert!(told.works());
    }
    let other = ask(&fixture, account(&fixture), Some("acme_send_thing")).await;
    assert!(other.iter().all(|(what, _)| *what != Topic::Last), "another tool's is beside the point");
    fixture.clock.advance(Duration::from_secs(1));
    call().await;
    assert!(ask(&fixture, account(&fixture), None).await.iter().all(|(what, _)| *what != Topic::Last));
}
