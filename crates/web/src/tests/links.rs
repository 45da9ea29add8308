//! A link's page and its button.

use super::harness::{LIFE, site, site_at, site_with};
use http::{Method, StatusCode};
use valetkey_domain::connection;
use valetkey_outbound::Policy;

#[tokio::test]
async fn words_for_scopes_are_in_the_pages_language_and_scopes_of_ones_own_stand_as_they_are() {
    let site = site().await;
    for (language, words) in [
        ("en", "Write drafts, and send mail in your name"),
        ("de", "Entwürfe schreiben und E-Mails in Ihrem Namen senden"),
        ("fr", "Écrire des brouillons, et envoyer des e-mails en votre nom"),
        ("es", "Escribir borradores y enviar correo en su nombre"),
    ] {
        let page = site.get(&site.page(), &[("accept-language", language)]).await;
        assert!(page.body.contains(words) && !page.body.contains("Englisch"), "{}", page.body);
        assert!(language == "en" || !page.body.contains("lang=\"en\""), "{}", page.body);
    }
    let own = connection::Settings { scopes: vec!["https://own.example/scope".into()], ..Default::default() };
    let site = site_with("http://localhost:8080", own, Policy::default()).await;
    let page = site.get(&site.page(), &[("accept-language", "de")]).await;
    assert!(page.body.contains("own.example&#x2f;</span><wbr>scope"), "{}", page.body);
    assert!(!page.body.contains("gibt es nur auf Englisch"), "{}", page.body);
}

#[tokio::test]
async fn a_link_shows_who_asks_for_what_and_where_its_button_leads() {
    let site = site().await;
    let page = site.get(&site.page(), &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.says("Connect Gmail"), "{}", page.body);
    for shown in [
        "development",
        "MY_GMAIL",
        "user_123",
        "gmail.readonly",
        "Write drafts, and send mail in your name",
        "Continue to accounts.google.com",
        "UTC",
    ] {
        assert!(page.body.contains(shown), "{shown}");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(policy.contains("form-action 'self';"), "{policy}");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "same-origin", "no-referrer would make the form's Origin null");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
    let german = site.get(&site.page(), &[("accept-language", "de-AT")]).await;
    assert!(german.says("Gmail verbinden"));
}

#[tokio::test]
async fn the_cookie_is_for_this_browser_and_stays_the_same() {
    let site = site().await;
    let first = site.get(&site.page(), &[]).await;
    let cookie = first.cookie();
    assert!(first.header("set-cookie").ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=7776000"));
    let second = site.get(&site.page(), &[("cookie", &cookie)]).await;
    assert_eq!(second.cookie(), cookie);
    assert_eq!(second.form_token(), first.form_token());
    assert_ne!(site.get(&site.page(), &[]).await.cookie(), cookie);
    let https = site_at("https://keys.example.com").await;
    let cookie = https.get(&https.page(), &[]).await.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-valetkey_browser=") && cookie.ends_with("; Secure"), "{cookie}");
}

/// Attack 66.
#[tokio::test]
async fn scanners_previews_and_prefetches_spend_nothing() {
    let site = site().await;
    for _ in 0..3 {
        assert_eq!(site.get(&site.page(), &[("sec-purpose", "prefetch")]).await.status, StatusCode::OK);
        let head = site.ask(Method::HEAD, &site.page(), &[], "").await;
        assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
        assert_eq!(
            site.get(&site.page(), &[("user-agent", "Slackbot-LinkExpanding 1.0")]).await.status,
            StatusCode::OK
        );
    }
    let (_, provider) = site.started().await;
    assert_eq!(provider.host_str(), Some("accounts.google.com"));
}

#[tokio::test]
async fn the_button_leads_to_the_provider_and_tells_nobody_where_from() {
    let site = site().await;
    let page = site.get(&site.page(), &[]).await;
    let form = format!("token={}", page.form_token());
    let answer = site.post(&site.page(), &page.cookie(), site.own, &form).await;
    assert!(answer.goes_on_to().as_str().starts_with("https://accounts.google.com/o/oauth2/v2/auth?"));
    assert!(answer.says("On to accounts.google.com"), "{}", answer.body);
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// Attack 67, and login CSRF (18) at this door.
#[tokio::test]
async fn a_button_of_another_site_browser_or_link_does_nothing() {
    let (site, other) = (site().await, site().await);
    let page = site.get(&site.page(), &[]).await;
    let (cookie, token) = (page.cookie(), page.form_token());
    let form = format!("token={token}");
    for origin in ["http://localhost:9999", "https://localhost:8080", "null", "http://evil.example"] {
        let answer = site.post(&site.page(), &cookie, origin, &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
        assert!(answer.says("This page is out of date"));
    }
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let without = site.ask(Method::POST, &site.page(), &[kind, ("cookie", &cookie)], &form).await;
    assert_eq!(without.status, StatusCode::FORBIDDEN, "no Origin");
    let stranger = site.get(&site.page(), &[]).await.cookie();
    let foreign = other.get(&format!("/connect/{}", other.link), &[("cookie", &cookie)]).await.form_token();
    for (cookie, form) in [
        (stranger.as_str(), form.clone()),
        ("", form.clone()),
        (&cookie, String::new()),
        (&cookie, "token=".into()),
        (&cookie, format!("token={foreign}")),
        (&cookie, "x".repeat(10_000)),
    ] {
        let answer = site.post(&site.page(), cookie, site.own, &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{form:.80}");
    }
    assert_eq!(site.post(&site.page(), &cookie, site.own, &form).await.status, StatusCode::OK, "nothing was lost");
}

/// Attack 68.
#[tokio::test]
async fn host_and_forwarded_headers_build_nothing() {
    let site = site().await;
    let poison = [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https")];
    let page = site.get(&site.page(), &poison).await;
    assert!(!page.body.contains("evil.example") && page.cookie().starts_with("valetkey_browser_8080="));
    let (_, provider) = site.started().await;
    let redirect = provider.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    assert_eq!(redirect, format!("http://localhost:8080/sso/v1/oauth/{}/callback", site.connection));
}

#[tokio::test]
async fn links_that_do_not_open_say_why() {
    let site = site().await;
    for wrong in ["/connect/nonsense", "/connect/%00", "/connect/%3Cscript%3E"] {
        let answer = site.get(wrong, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
        assert!(answer.says("This link leads nowhere") && answer.header("set-cookie").is_empty());
        assert!(answer.header("content-security-policy").contains("form-action 'none'"));
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    }
    let page = site.get(&site.page(), &[]).await;
    site.clock.advance(LIFE);
    let late = site.get(&site.page(), &[]).await;
    assert_eq!(late.status, StatusCode::GONE);
    assert!(late.says("This link has expired"));
    let form = format!("token={}", page.form_token());
    let pressed = site.post(&site.page(), &page.cookie(), site.own, &form).await;
    assert!(pressed.says("This link has expired"));
}
