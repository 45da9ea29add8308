//! Who may read on, and for how long.

use super::*;
use crate::calls::{CallResult, RequestMemory, call, read_on};
use crate::fixture::{Fixture, HOUR, Reply, fixture};
use crate::servers::configs::Edit;
use crate::servers::{configs, instances, toolset};
use valetkey_domain::config::Options;

const TOOL: &str = "acme_list_things";

/// `ann`, signed in, with a config that gives 2,000 bytes at once; and a first part of something longer.
async fn cut() -> (Fixture, Ctx, Served, String) {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    fixture.sign_in(HOUR).await;
    let (instance, token) = fixture.instance().await;
    let config = configs::get(app, ctx, &instance.config).await.unwrap();
    let options = Options { answer_bytes: Some(2_000), ..Options::default() };
    configs::edit(app, ctx, config, Edit { options: Some(options), ..Edit::default() }).await.unwrap();
    let (ctx, served) = toolset::open(app, &token).await.unwrap();
    let things: Vec<Value> = (0..200).map(|n| json!({ "id": n, "words": "w".repeat(20) })).collect();
    fixture.provider.will_answer(Reply::Answer(200, json!({ "things": things }).to_string()));
    let CallResult::Done(done) = call(app, &ctx, &served, TOOL, Map::new()).await.unwrap() else { panic!("it failed") };
    assert!(size(&done.data) <= 2_000 && done.data["things"].as_array().unwrap().len() > 5, "{}", done.data);
    let handle = handle_of(&done.more.unwrap());
    (fixture, ctx, served, handle)
}

fn handle_of(more: &More) -> String {
    let said = more.said();
    said.split_whitespace().find(|word| word.starts_with(HANDLE)).unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// What it gives at this handle, and what it says of what is beyond; or how it refuses.
async fn at(app: &App, ctx: &Ctx, served: &Served, handle: &str) -> std::result::Result<(String, String), String> {
    let arguments = Map::from_iter([("handle".to_owned(), json!(handle))]);
    match read_on(app, ctx, served, arguments, RequestMemory::default()).answer().await {
        CallResult::Done(done) => {
            let text = done.data["content"][0]["text"].as_str().unwrap().to_owned();
            Ok((text, done.more.unwrap().said()))
        }
        CallResult::Failed(failed) => Err(failed.message),
    }
}

#[tokio::test]
async fn each_part_leads_to_the_next_and_nothing_is_missing() {
    let (fixture, ctx, served, mut handle) = cut().await;
    let mut last = None;
    for _ in 0..20 {
        let (text, said) = at(&fixture.app, &ctx, &served, &handle).await.unwrap();
        let things: Vec<Value> = serde_json::from_str(&text).unwrap();
        let ids: Vec<i64> = things.iter().map(|thing| thing["id"].as_i64().unwrap()).collect();
        assert!(text.len() <= 2_000 && last.is_none_or(|last: i64| ids[0] == last + 1), "{ids:?}");
        last = ids.last().copied();
        if said.contains("the last part") {
            break;
        }
        handle = said.split_whitespace().find(|word| word.starts_with(HANDLE)).unwrap().to_owned();
    }
    assert_eq!(last, Some(199));
}

#[tokio::test]
async fn attack_33_a_part_opens_for_its_reader_alone_and_while_the_account_can_be_used() {
    let (fixture, ctx, served, handle) = cut().await;
    let app = &fixture.app;
    assert!(at(app, &ctx, &served, &handle).await.is_ok());
    let again = instances::Ensure { config: "config".into(), identifier: "ann".into(), name: Some("Another".into()) };
    let other = instances::ensure(app, &fixture.ctx, again).await.unwrap();
    let url = instances::url(app, &fixture.ctx, &other).await.unwrap();
    let (_, others) = toolset::open(app, url.expose().rsplit('/').next().unwrap()).await.unwrap();
    let refused = |said: std::result::Result<_, String>| said.unwrap_err().contains("can't be read here");
    assert!(refused(at(app, &ctx, &others, &handle).await), "another server of the same user");
    let guessed = format!("{}A.1", handle.rsplit_once('.').unwrap().0);
    assert!(refused(at(app, &ctx, &served, &guessed).await));
    accounts::disconnect(app, &fixture.ctx, &AccountRef::Id(fixture.account.id.clone())).await.unwrap();
    assert!(refused(at(app, &ctx, &served, &handle).await), "an account that was disconnected");
}

#[tokio::test]
async fn parts_end_with_their_minutes_and_with_their_account() {
    let (fixture, ctx, served, handle) = cut().await;
    let (app, rows) = (&fixture.app, async |ctx: &Ctx| {
        rows::bytes(ctx, &mut fixture.app.core.store.read().await.unwrap(), served.id()).await.unwrap().0
    });
    let held = rows(&ctx).await;
    assert!(held > 2_000);
    fixture.clock.advance(KEPT);
    assert!(at(app, &ctx, &served, &handle).await.is_err());
    assert!(forget_parts(app, &ctx).await.unwrap() > 1);
    assert_eq!(rows(&ctx).await, 0);
}

#[test]
fn a_handle_is_read_to_the_letter() {
    let read = |text: &str| {
        let arguments = Map::from_iter([("handle".to_owned(), json!(text))]);
        super::handle(&arguments).map(|(secret, number)| (secret.to_owned(), number))
    };
    assert_eq!(read("vkr_abc.2"), Ok(("abc".to_owned(), 2)));
    for wrong in ["abc.2", "vkr_abc", "vkr_abc.x", "", &format!("vkr_{}.1", "a".repeat(65))] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    let more = Map::from_iter([("handle".to_owned(), json!("vkr_a.1")), ("part".to_owned(), json!(2))]);
    assert!(super::handle(&more).is_err());
}
