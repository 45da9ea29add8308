//! Each other part, when something is wrong with it; and that nothing secret is said of it.

use super::*;
use crate::accounts::{self, AccountRef};
use crate::fixture::Reply;
use crate::upkeep::installation::{BEAT, Presence, Standing};
use valetkey_domain::Timestamp;
use valetkey_testkit::ManualClock;

fn of<'a>(checks: &'a [Check], part: &str) -> Vec<&'a Check> {
    checks.iter().filter(|check| check.part == part).collect()
}

/// Leaves tokens to be revoked, of an account that is signed in again since.
async fn to_be_revoked(fixture: &Fixture) {
    fixture.provider.will_revoke(Reply::Answer(503, String::new()));
    accounts::disconnect(&fixture.app, &fixture.ctx, &AccountRef::Id(fixture.account.id.clone())).await.unwrap();
    fixture.sign_in(HOUR).await;
}

#[tokio::test]
async fn a_value_that_does_not_open_is_named_and_none_is_shown() {
    let Full { fixture, .. } = full().await;
    let app = &fixture.app;
    to_be_revoked(&fixture).await;
    fixture.start(&fixture.link().await, "browser").await;
    all_is_well(app, "tokens are to be revoked").await;
    by_hand(app, "UPDATE revocations SET sealed = $1", vec![Arg::Bytes(vec![7])]).await;
    by_hand(
        app,
        "UPDATE connected_accounts SET credential = $1 WHERE credential IS NOT NULL",
        vec![Arg::Bytes(vec![7])],
    )
    .await;
    by_hand(app, "UPDATE connections SET client_secret = $1", vec![Arg::Bytes(vec![7])]).await;
    by_hand(app, "UPDATE authorizations SET verifier = $1 WHERE verifier IS NOT NULL", vec![Arg::Bytes(vec![])]).await;
    let checks = checks(app).await;
    let sealed = of(&checks, "sealed");
    assert!(sealed.len() == 4 && sealed.iter().all(|check| check.verdict == Verdict::Problem), "{sealed:?}");
    let columns = ["accounts.credential", "connections.client_secret", "verifier", "revocations.sealed"];
    for (check, column) in sealed.iter().zip(columns) {
        assert!(check.found.contains(column) && check.found.contains("does not open"), "{}", check.found);
    }
    let all = format!("{checks:?}");
    for secret in ["at-1", "rt-1", "client-hunter2"] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[tokio::test]
async fn a_data_key_that_does_not_open_is_named() {
    let Full { fixture, .. } = full().await;
    let app = &fixture.app;
    by_hand(app, "UPDATE data_keys SET wrapped = $1 WHERE purpose = 'url'", vec![Arg::Bytes(vec![1, 2, 3])]).await;
    let told = wrong(app, "keys").await;
    assert!(told.len() == 1 && told[0].contains("(url) does not open"), "{told:?}");
}

#[tokio::test]
async fn a_change_of_the_root_key_that_was_cut_off_is_told() {
    let Full { fixture, .. } = full().await;
    let app = &fixture.app;
    let root = valetkey_vault::RootKey::generate().unwrap();
    let name = root.version();
    app.core.keyring.learn(valetkey_core::keyring::Root::Key(root));
    all_is_well(app, "another root is at hand").await;
    by_hand(app, "UPDATE meta SET value = $1 WHERE name = 'root'", vec![name.as_str().into()]).await;
    let told = wrong(app, "keys").await;
    assert!(told.len() == 1 && told[0].starts_with("warning") && told[0].contains("still wrapped under"), "{told:?}");
}

#[tokio::test]
async fn a_clock_that_went_back_and_one_that_differs_are_told() {
    let Full { fixture, .. } = full().await;
    let app = &fixture.app;
    let later = app.core.now().as_millisecond() + 3_600_000;
    by_hand(app, "UPDATE journal SET at = $1", vec![later.into()]).await;
    let told = wrong(app, "clock").await;
    assert!(told.len() == 1 && told[0].contains("has gone back"), "{told:?}");
    let progress: Arc<dyn Progress> = Arc::new(Detached);
    let machine = ManualClock::at(Timestamp::UNIX_EPOCH);
    let checks = examine(app, &machine, &progress).await;
    let differs = of(&checks, "clock").iter().any(|check| check.found.contains("behind the database's clock"));
    assert_eq!(differs, !app.core.store.is_exclusive(), "a file has no clock of its own");
}

#[tokio::test]
async fn a_server_that_is_not_reached_is_a_warning_only_while_one_runs() {
    let Full { fixture, .. } = full().await;
    let app = &fixture.app;
    assert!(checks(app).await[0].found.contains("was not asked"));
    let mut presence =
        Presence::start(&app.core.store, app.core.clock.as_ref(), app.core.rng.as_ref(), None).await.unwrap();
    assert!(matches!(presence.standing(), Standing::Admitted(_)) && !BEAT.is_zero());
    presence.beat(app).await.unwrap();
    // Nobody serves at the address that these tests have.
    let told = wrong(app, "public_url").await;
    assert!(told.len() == 1 && told[0].starts_with("warning") && told[0].contains("not reached"), "{told:?}");
}

#[tokio::test]
async fn who_answers_with_other_keys_is_not_this_installation() {
    let fixture = fixture("{rotates: true}").await;
    let part = || Part::of("public_url");
    let answer =
        |status: u16, body: String| http::Response::builder().status(status).body(bytes::Bytes::from(body)).unwrap();
    let judged = async |answered| {
        let done = address::judge(&fixture.app, part(), "https://a.example", &answered).await.unwrap().done();
        (done[0].verdict, done[0].found.clone())
    };
    let ours = fixture.app.core.keyring.jwks().to_string();
    assert_eq!(judged(answer(200, ours.clone())).await.0, Verdict::Ok);
    for (answered, says) in [
        (answer(421, ours), "status 421"),
        (answer(200, r#"{"keys":[{"kid":"other"}]}"#.into()), "is not this installation"),
        (answer(200, "<html>".into()), "is not this installation"),
    ] {
        let (verdict, found) = judged(answered).await;
        assert!(verdict == Verdict::Problem && found.contains(says), "{found}");
    }
}
