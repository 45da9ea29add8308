//! Pages that were shown before somebody else changed what they are about.

use super::{OWN, ask, signed_in};
use crate::tests::harness::site_at;
use http::{Method, StatusCode};
use valetkey_domain::member::Role;

#[tokio::test]
async fn a_config_that_was_changed_elsewhere_is_not_rolled_back_unseen() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Developer).await;
    let post = async |path: &str, form: &str| {
        ask(&site, Method::POST, path, Some(&cookie), Some(format!("token={token}&{form}"))).await
    };
    let see = async |path: &str| ask(&site, Method::GET, path, Some(&cookie), None).await;
    let (all, of) = ("connection=MY_GMAIL&which:MY_GMAIL=all", "/dashboard/development/configs");
    let made = post(&format!("{of}/create"), &format!("name=x&description=one&{all}")).await;
    let config = made.location.split('?').next().unwrap().to_owned();
    let edit = async |words: &str, seen| {
        let saved = post(&format!("{config}/edit"), &format!("description={words}&{all}&seen={seen}")).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    };
    edit("two", 1).await;
    let seen = |text: &str| text.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let first = see(&format!("{config}/versions/1")).await.text;
    edit("three", 2).await;
    let stale = post(&format!("{config}/rollback"), &format!("version=1&seen={}", seen(&first))).await;
    assert!(stale.text.contains("nothing was rolled back") && stale.text.contains("as version 4"), "{}", stale.text);
    assert!(see(&config).await.text.contains(">three<"), "nothing was dropped");
    let again = post(&format!("{config}/rollback"), &format!("version=1&seen={}", seen(&stale.text))).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.text);
    assert!(see(&config).await.text.contains(">one<"));
    for odd in ["-9223372036854775808", "9223372036854775807", "0", "x", "%00"] {
        let seen = see(&format!("{config}/versions/{odd}")).await;
        assert!(seen.status.is_client_error(), "{odd}: {}", seen.status);
    }
}
