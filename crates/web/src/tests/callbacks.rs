//! The provider's way back, where no code comes to be exchanged.

use super::harness::{site, state};
use http::{Method, StatusCode};
use std::time::Duration;

#[tokio::test]
async fn a_no_leaves_no_code_in_the_address_and_can_be_reloaded() {
    let site = site().await;
    let (cookie, provider) = site.started().await;
    let answer = format!("error=access_denied&state={}", state(&provider));
    let back = site.callback(site.connection.as_str(), &cookie, &answer).await;
    let location = back.header("location");
    assert!(location.starts_with("/connect/done/auth_") && !location.contains('?'), "{location}");
    assert_eq!((back.header("referrer-policy"), back.header("cache-control")), ("no-referrer", "no-store"));
    for _ in 0..2 {
        let page = site.follow(&back, &cookie).await;
        assert!(page.says("You said no") && page.body.contains("user_123"), "{}", page.body);
    }
    let again = site.callback(site.connection.as_str(), &cookie, &answer).await;
    assert_eq!(again.header("location"), location, "a reload of the callback shows the same outcome");
    assert!(site.get(&site.page(), &[]).await.says("Connect Gmail"), "the link opens again after a no");
}

/// Attacks 12, 14 and 16, as pages.
#[tokio::test]
async fn answers_that_do_not_belong_here_change_nothing() {
    let site = site().await;
    let (cookie, provider) = site.started().await;
    let (state, ours) = (state(&provider), site.connection.as_str());
    let answer = format!("code=c&state={state}");
    let stranger = site.get(&site.page(), &[]).await.cookie();
    let issuer = format!("{answer}&iss=https%3A%2F%2Fevil.example");
    for (connection, cookie, query, title) in [
        (ours, stranger.as_str(), answer.as_str(), "You began in another browser"),
        (ours, "", &answer, "You began in another browser"),
        ("conn_other", &cookie, &answer, "This answer belongs elsewhere"),
        (ours, &cookie, &issuer, "This answer came from somebody else"),
        (ours, &cookie, "code=c", "Nobody is waiting for this answer"),
        (ours, &cookie, "code=c&state=guess", "Nobody is waiting for this answer"),
        (ours, &cookie, "code=c&state=a&state=b", "Nobody is waiting for this answer"),
        ("nonsense", &cookie, &answer, "Nobody is waiting for this answer"),
    ] {
        let back = site.callback(connection, cookie, query).await;
        assert!(back.header("location").starts_with("/connect/stopped/"), "{title}");
        let page = site.follow(&back, cookie).await;
        assert!(page.says(title), "{query}: {}", page.body);
        assert!(!page.body.contains("user_123"), "a stranger learns nothing");
    }
    let no = format!("error=access_denied&state={state}");
    let back = site.callback(ours, &cookie, &no).await;
    assert!(site.follow(&back, &cookie).await.says("You said no"), "the right browser could still answer");
    let late = site.callback(ours, &stranger, &answer).await;
    assert!(site.follow(&late, &stranger).await.says("This was already done"));
}

#[tokio::test]
async fn looking_at_a_callback_spends_no_code() {
    let site = site().await;
    let (cookie, provider) = site.started().await;
    let path = format!("/sso/v1/oauth/{}/callback?error=access_denied&state={}", site.connection, state(&provider));
    let head = site.ask(Method::HEAD, &path, &[("cookie", &cookie)], "").await;
    assert_eq!(head.status, StatusCode::OK);
    let back = site.get(&path, &[("cookie", &cookie)]).await;
    assert!(site.follow(&back, &cookie).await.says("You said no"));
}

#[tokio::test]
async fn an_outcome_is_for_the_browser_that_was_in_it() {
    let site = site().await;
    let (cookie, provider) = site.started().await;
    let answer = format!("error=access_denied&state={}", state(&provider));
    let back = site.callback(site.connection.as_str(), &cookie, &answer).await;
    let stranger = site.get(&site.page(), &[]).await.cookie();
    for other in [stranger.as_str(), ""] {
        let page = site.follow(&back, other).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.says("You began in another browser") && !page.body.contains("MY_GMAIL"));
    }
    for wrong in ["/connect/done/auth_unknown", "/connect/done/x"] {
        assert!(site.get(wrong, &[("cookie", &cookie)]).await.says("Nobody is waiting for this answer"), "{wrong}");
    }
}

#[tokio::test]
async fn a_sign_in_that_took_too_long_says_so() {
    let site = site().await;
    let (cookie, provider) = site.started().await;
    site.clock.advance(Duration::from_secs(11 * 60));
    let back = site.callback(site.connection.as_str(), &cookie, &format!("code=c&state={}", state(&provider))).await;
    assert!(site.follow(&back, &cookie).await.says("Time ran out"));
}

#[tokio::test]
async fn a_choice_needs_the_form_that_asked_for_it() {
    let site = site().await;
    let (cookie, _) = site.started().await;
    for body in ["", "keep=no", "token=x&keep=no"] {
        let answer = site.post("/connect/done/auth_1", &cookie, site.own, body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{body}");
    }
}

/// Attack 48, for what a browser holds: neither cookie nor state is in any page.
#[tokio::test]
async fn pages_hold_no_secret() {
    let site = site().await;
    let (cookie, provider) = site.started().await;
    let value = cookie.split('=').nth(1).unwrap().to_owned();
    let answer = format!("error=access_denied&state={}", state(&provider));
    let back = site.callback(site.connection.as_str(), &cookie, &answer).await;
    for page in [site.get(&site.page(), &[("cookie", &cookie)]).await, site.follow(&back, &cookie).await] {
        assert!(
            !page.body.contains(&value) && !page.body.contains(&state(&provider)) && !page.body.contains(&site.link)
        );
    }
}

#[tokio::test]
async fn a_providers_words_stand_on_the_page_as_its_words() {
    let site = site().await;
    let (cookie, provider) = site.started().await;
    let said = "error=invalid_scope&error_description=Ask%20%3Cb%3Eyour%3C%2Fb%3E%20admin%0D%0A%E2%80%AE&error_uri=https%3A%2F%2Fp.example%2Fe";
    let back = site.callback(site.connection.as_str(), &cookie, &format!("{said}&state={}", state(&provider))).await;
    let page = site.follow(&back, &cookie).await;
    assert!(page.says("Gmail refused") && page.body.contains("invalid_scope"), "{}", page.body);
    let ours = page.body.find("In the words of Gmail, which are not ours:").expect(&page.body);
    let theirs = page.body.find("<blockquote><bdi>Ask").expect(&page.body);
    assert!(ours < theirs && !page.body.contains("<b>"), "{}", page.body);
    assert!(!page.body.contains("p.example"), "a page to read on is for the operator: {}", page.body);
}

#[tokio::test]
async fn a_second_browser_is_told_where_to_go_on_and_what_to_do() {
    let mut site = site().await;
    site.started().await;
    let page = site.get(&site.page(), &[]).await;
    let form = format!("token={}", page.form_token());
    let answer = site.post(&site.page(), &page.cookie(), site.own, &form).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.says("You began in another browser"), "{}", answer.body);
    assert!(answer.body.contains("ask the agent or the app for a new link"), "{}", answer.body);
    site.relink().await;
    site.started().await;
}
