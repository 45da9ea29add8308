//! The authorization endpoint and its pages.

use crate::world::{CALENDAR, CALLBACK, CLIENT, GMAIL, World};

#[tokio::test]
async fn a_person_signs_in_and_allows() {
    let world = World::new().await;
    let sign_in = world.authorize(&[]).await;
    assert_eq!(sign_in.status, 200);
    for part in ["id=\"account-1\"", "id=\"account-2\"", "value=\"sam@lab.example\"", "Provider lab, not Google"] {
        assert!(sign_in.text().contains(part), "{part}");
    }
    let consent = world.choose(&sign_in, "alex@lab.example").await;
    for part in ["id=\"allow\"", "id=\"deny\"", "name=\"scope\"", GMAIL, CLIENT, "alex@lab.example"] {
        assert!(consent.text().contains(part), "{part}");
    }
    let back = world.decide(&consent, "allow", &[GMAIL]).await;
    assert_eq!(back.status, 303);
    assert_eq!(back.returned("state").unwrap(), "s 1");
    assert_eq!(back.returned("scope").unwrap(), GMAIL);
    assert!(back.returned("code").unwrap().starts_with("4/"));
}

#[tokio::test]
async fn pages_carry_no_script_and_are_kept_by_nobody() {
    let world = World::new().await;
    let page = world.authorize(&[]).await;
    assert!(!page.text().contains("<script") && !page.text().contains("style=") && !page.text().contains("<style"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    let style = world.get_page("/lab.css").await;
    assert_eq!((style.status.as_u16(), style.header("content-type")), (200, "text/css; charset=utf-8"));
}

#[tokio::test]
async fn wrong_requests_stay_on_a_page_that_says_which_page_says_so() {
    let world = World::new().await;
    for (changes, status, error) in [
        (vec![("client_id", "nobody")], 401, "invalid_client"),
        (vec![("client_id", "")], 400, "invalid_request"),
        (vec![("redirect_uri", "http://localhost:8080/other")], 400, "redirect_uri_mismatch"),
        (vec![("redirect_uri", "http://localhost:8080/sso/v1/oauth/conn_1/callback/")], 400, "redirect_uri_mismatch"),
        (vec![("redirect_uri", "")], 400, "invalid_request"),
        (vec![("response_type", "token")], 400, "unsupported_response_type"),
        (vec![("response_type", "")], 400, "invalid_request"),
        (vec![("scope", "https://www.googleapis.com/auth/gmail.everything")], 400, "invalid_scope"),
        (vec![("scope", "openid gmail.modify")], 400, "invalid_scope"),
        (vec![("scope", "")], 400, "invalid_request"),
        (vec![("access_type", "often")], 400, "invalid_request"),
        (vec![("prompt", "login")], 400, "invalid_request"),
        (vec![("prompt", "none consent")], 400, "invalid_request"),
        (vec![("include_granted_scopes", "yes")], 400, "invalid_request"),
        (vec![("code_challenge_method", "S512")], 400, "invalid_request"),
        (vec![("code_challenge", "short")], 400, "invalid_request"),
        (vec![("code_challenge", "")], 400, "invalid_request"),
        (vec![("acces_type", "offline")], 400, "invalid_request"),
    ] {
        let page = world.authorize(&changes).await;
        let text = page.text();
        assert_eq!(page.status.as_u16(), status, "{changes:?}");
        assert!(text.contains(&format!("<code id=\"error\">{error}</code>")), "{changes:?}: {text}");
        assert!(text.contains("id=\"error-uri\" href=\"https://"), "{changes:?}: {text}");
        assert!(page.headers.get("location").is_none());
    }
}

#[tokio::test]
async fn a_parameter_that_stands_twice_is_refused() {
    let world = World::new().await;
    let page = world.get_page("/o/oauth2/v2/auth?client_id=a&client_id=b").await;
    assert!(page.text().contains("single value: client_id"), "{}", page.text());
}

#[tokio::test]
async fn deny_and_withholding_everything_go_back_as_access_denied() {
    let world = World::new().await;
    for (decision, ticked) in [("deny", &[GMAIL][..]), ("allow", &[])] {
        let consent = world.choose(&world.authorize(&[]).await, "alex@lab.example").await;
        let back = world.decide(&consent, decision, ticked).await;
        assert_eq!(back.returned("error").unwrap(), "access_denied");
        assert_eq!(back.returned("state").unwrap(), "s 1");
        assert!(back.returned("error_uri").unwrap().starts_with("https://developers.google.com/"));
        assert!(back.returned("code").is_none());
    }
    assert!(
        world.control("GET", "/grants", serde_json::Value::Null).await.json()["grants"].as_array().unwrap().is_empty()
    );
}

#[tokio::test]
async fn a_single_scope_can_be_withheld_and_none_can_be_smuggled_in() {
    let world = World::new().await;
    let scopes = format!("email {GMAIL} {CALENDAR}");
    let smuggled = "https://mail.google.com/";
    let code = world.code(&[("scope", &scopes)], &[CALENDAR, smuggled]).await;
    let granted = world.exchange(&code, &[]).await.json()["scope"].as_str().unwrap().to_owned();
    assert_eq!(granted, format!("{CALENDAR} https://www.googleapis.com/auth/userinfo.email"));
}

#[tokio::test]
async fn a_decision_counts_once_and_only_in_time() {
    let world = World::new().await;
    let consent = world.choose(&world.authorize(&[]).await, "alex@lab.example").await;
    assert_eq!(world.decide(&consent, "allow", &[GMAIL]).await.status, 303);
    let again = world.decide(&consent, "allow", &[GMAIL]).await;
    assert_eq!(again.status, 400);
    assert!(again.text().contains("start again"));
    let late = world.choose(&world.authorize(&[("prompt", "consent")]).await, "alex@lab.example").await;
    world.clock.advance(std::time::Duration::from_secs(31 * 60));
    assert_eq!(world.decide(&late, "allow", &[GMAIL]).await.status, 400);
}

#[tokio::test]
async fn nobody_consents_without_signing_in_and_strangers_do_not_sign_in() {
    let world = World::new().await;
    let sign_in = world.authorize(&[]).await;
    assert_eq!(world.choose(&sign_in, "mallory@lab.example").await.status, 400);
    assert_eq!(world.decide(&sign_in, "allow", &[GMAIL]).await.status, 400);
}

#[tokio::test]
async fn what_was_granted_before_needs_no_second_page_and_gives_no_second_refresh_token() {
    let world = World::new().await;
    let first = world.exchange(&world.code(&[], &[GMAIL]).await, &[]).await.json();
    assert!(first["refresh_token"].is_string());
    let straight = world.choose(&world.authorize(&[]).await, "alex@lab.example").await;
    assert_eq!(straight.status, 303);
    let second = world.exchange(&straight.returned("code").unwrap(), &[]).await.json();
    assert!(second["refresh_token"].is_null() && second["access_token"].is_string());
    let asked = world.choose(&world.authorize(&[("prompt", "consent")]).await, "alex@lab.example").await;
    assert_eq!(asked.status, 200);
    let third = world.exchange(&world.decide(&asked, "allow", &[GMAIL]).await.returned("code").unwrap(), &[]).await;
    assert!(third.json()["refresh_token"].is_string());
}

#[tokio::test]
async fn online_access_gives_no_refresh_token() {
    let world = World::new().await;
    for access in ["online", ""] {
        let code = world.code(&[("access_type", access), ("prompt", "consent")], &[GMAIL]).await;
        assert!(world.exchange(&code, &[]).await.json()["refresh_token"].is_null());
    }
}

#[tokio::test]
async fn earlier_scopes_come_along_only_when_asked_for() {
    let world = World::new().await;
    world.code(&[], &[GMAIL]).await;
    let alone = world.exchange(&world.code(&[("scope", CALENDAR)], &[CALENDAR]).await, &[]).await.json();
    assert_eq!(alone["scope"], CALENDAR);
    let together = [("scope", CALENDAR), ("include_granted_scopes", "true")];
    let both = world.exchange(&world.code(&together, &[CALENDAR]).await, &[]).await.json();
    assert_eq!(both["scope"], format!("{CALENDAR} {GMAIL}"));
}

#[tokio::test]
async fn a_hint_names_the_account_unless_the_person_is_to_choose() {
    let world = World::new().await;
    let hinted = world.authorize(&[("login_hint", "sam@lab.example")]).await;
    assert!(hinted.text().contains("id=\"allow\"") && hinted.text().contains("sam@lab.example"));
    let chosen = world.authorize(&[("login_hint", "sam@lab.example"), ("prompt", "select_account")]).await;
    assert!(chosen.text().contains("id=\"account-1\""));
    let unknown = world.authorize(&[("login_hint", "kim@lab.example")]).await;
    assert!(unknown.text().contains("id=\"account-1\""));
}

#[tokio::test]
async fn without_a_page_there_is_no_consent() {
    let world = World::new().await;
    let back = world.authorize(&[("prompt", "none")]).await;
    assert_eq!(back.returned("error").unwrap(), "interaction_required");
}

#[tokio::test]
async fn the_redirect_keeps_the_query_of_the_registered_uri() {
    let world = World::new().await;
    let registered = format!("{CALLBACK}?keep=1");
    world.lab.register_client("other", "s", vec![registered.clone()]).await.unwrap();
    let sign_in = world.authorize(&[("client_id", "other"), ("redirect_uri", &registered)]).await;
    let consent = world.choose(&sign_in, "alex@lab.example").await;
    let back = world.decide(&consent, "deny", &[]).await;
    assert_eq!(back.returned("keep").unwrap(), "1");
    assert_eq!(back.returned("error").unwrap(), "access_denied");
}
