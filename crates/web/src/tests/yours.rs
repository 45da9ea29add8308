//! What a person sees of what they gave, and takes back.

use super::exchanges::{signed_in, site};
use http::StatusCode;

fn address(done: &str) -> String {
    done.replace("/connect/done/", "/connect/yours/")
}

#[tokio::test]
async fn what_was_given_is_seen_and_taken_back_with_a_confirmation() {
    let (site, _) = site().await;
    let (cookie, _, page, done) = signed_in(&site).await;
    let yours = address(&done);
    assert!(page.body.contains(&yours.replace('/', "&#x2f;")), "the last page leads there: {}", page.body);
    let seen = site.get(&yours, &[("cookie", &cookie)]).await;
    assert!(seen.body.contains("<details>") && seen.body.contains("ada"), "{}", seen.body);
    assert_eq!(site.status().await, "ACTIVE", "looking changes nothing");
    let form = format!("token={}&account={}", seen.form_token(), site.account());
    let after = site.post(&yours, &cookie, site.own, &form).await;
    assert!(
        after.status == StatusCode::OK && after.body.contains("is disconnected, and the access is revoked"),
        "{}",
        after.body
    );
    assert!(!after.body.contains("<details>"), "there is nothing more to take back");
    assert_eq!(site.status().await, "DISCONNECTED");
    let spanish = site.get(&yours, &[("cookie", &cookie), ("accept-language", "es-ES")]).await;
    assert!(
        spanish.body.contains("Desconectado") && spanish.body.contains("<html lang=\"es\" dir=\"ltr\">"),
        "{}",
        spanish.body
    );
}

#[tokio::test]
async fn attacks_18_and_67_nobody_else_sees_it_or_takes_it_back() {
    let (mut site, _) = site().await;
    let (cookie, _, _, done) = signed_in(&site).await;
    let yours = address(&done);
    let seen = site.get(&yours, &[("cookie", &cookie)]).await;
    let (token, account) = (seen.form_token(), site.account());
    let form = format!("token={token}&account={account}");
    let other = site.get(&site.page(), &[]).await.cookie();
    for nobody in ["", "valetkey_browser_8080=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", other.as_str()] {
        let shown = site.get(&yours, &[("cookie", nobody)]).await;
        assert_eq!(shown.status, StatusCode::FORBIDDEN, "{}", shown.body);
        assert!(!shown.body.contains("user_123"));
        assert_eq!(site.post(&yours, nobody, site.own, &form).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(site.post(&yours, &cookie, "http://localhost:9999", &form).await.status, StatusCode::FORBIDDEN);
    let theirs = site.another("somebody-else").await;
    let wrong = [
        "",
        "account=ca_x",
        "account=%22%3E%3Cscript%3E",
        &format!("token={token}"),
        &format!("token={token}&account={theirs}"),
    ];
    for form in wrong {
        let refused = site.post(&yours, &cookie, site.own, form).await;
        assert!(refused.status.is_client_error() && !refused.body.contains("<script>"), "{form}: {}", refused.status);
    }
    for nowhere in ["/connect/yours/auth_none", "/connect/yours/%00"] {
        assert!(site.get(nowhere, &[("cookie", &cookie)]).await.status.is_client_error());
    }
    assert_eq!(site.status().await, "ACTIVE");
    // Connected anew in another browser: what is there now is not the first one's to take back.
    site.clock.advance(std::time::Duration::from_secs(1));
    site.relink().await;
    let (second, _, _, _) = signed_in(&site).await;
    assert_ne!(second, cookie);
    let again = site.get(&yours, &[("cookie", &cookie)]).await;
    assert!(
        again.body.contains("in the browser in which you signed in") && !again.body.contains("<details>"),
        "{}",
        again.body
    );
    assert!(site.post(&yours, &cookie, site.own, &form).await.status.is_client_error());
    assert_eq!(site.status().await, "ACTIVE");
}
