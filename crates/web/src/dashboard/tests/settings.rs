//! Forms of Settings that are refused.

use super::{OWN, ask, signed_in};
use crate::tests::harness::site_at;
use http::{Method, StatusCode};
use valetkey_app::tenancy::{environments, members};
use valetkey_domain::environment::VerifyMode;
use valetkey_domain::member::Role;

#[tokio::test]
async fn a_form_of_settings_that_is_refused_keeps_what_was_typed_and_widens_no_right() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Owner).await;
    let post = async |path: &str, form: &str| {
        let path = format!("/dashboard/development/settings/{path}");
        ask(&site, Method::POST, &path, Some(&cookie), Some(format!("token={token}&{form}"))).await
    };
    let part = |text: &str, from: &str| text.split(from).nth(1).unwrap().split("</form>").next().unwrap().to_owned();
    let long = "x".repeat(200);
    let client = post("clients", &format!("name={long}")).await.text;
    let form = part(&client, "settings/clients\" class=\"inline\"");
    assert!(form.contains(&format!("value=\"{long}\"")) && form.contains(" autofocus aria-describedby=\"wrong\""));
    assert!(form.contains("name=\"reads_secrets\">"), "what was unticked stays so: {form}");
    assert!(post("clients", &format!("name={long}&reads_secrets=on")).await.text.contains("reads_secrets\" checked>"));
    assert_eq!(client.matches("id=\"wrong\"").count(), 1);
    let member = post("members", "name=the+owner&role=auditor").await.text;
    let form = part(&member, "settings/members\" class=\"inline\"");
    assert!(form.contains("value=\"the owner\"") && form.contains("<option selected>auditor"), "{form}");
    let own = members::by_name(&site.app, "the owner").await.unwrap().id;
    let last = post(&format!("members/{own}/role"), "role=auditor").await;
    assert_eq!(last.status, StatusCode::OK, "{}", last.text);
    assert!(last.text.contains("aria-label=\"Members\" autofocus aria-describedby=\"wrong\""), "{}", last.text);
    let short = post("password", "new=short&again=short").await.text;
    assert!(part(&short, "settings/password").contains(" autofocus aria-describedby=\"wrong\""), "{short}");
    assert!(!short.contains("value=\"short\""), "attack 48");
}

#[tokio::test]
async fn a_database_that_is_gone_is_no_fault_of_the_form() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Owner).await;
    let mut tx = site.store.write().await.unwrap();
    tx.run("ALTER TABLE journal RENAME TO gone", []).await.unwrap();
    tx.commit().await.unwrap();
    let form = Some(format!("token={token}&name=shop"));
    let seen = ask(&site, Method::POST, "/dashboard/development/settings/clients", Some(&cookie), form).await;
    assert_eq!(seen.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", seen.text);
}

#[tokio::test]
async fn an_owner_says_who_verifies_users_and_overwrites_nobody() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Owner).await;
    let post = async |form: &str| {
        let path = "/dashboard/development/settings/verification";
        ask(&site, Method::POST, path, Some(&cookie), Some(format!("token={token}&{form}"))).await
    };
    let page = async || ask(&site, Method::GET, "/dashboard/development/settings", Some(&cookie), None).await.text;
    let saved = post("mode=b2b&url=https://app.example/verify&seen=").await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let now = environments::list(&site.app).await.unwrap().remove(0);
    assert_eq!(now.user_verify_mode, Some(VerifyMode::App));
    let shown = page().await;
    assert!(
        shown.contains("value=\"b2b\" checked")
            && shown.contains("value=\"https:&#x2f;&#x2f;app.example&#x2f;verify\"")
    );
    let stale = post("mode=none&url=&seen=").await.text;
    assert!(stale.contains("changed elsewhere") && stale.contains("value=\"none\" checked"), "{stale}");
    for (form, words) in [
        ("mode=b2b&url=http://app.example&seen=b2b+https://app.example/verify", "must begin with https"),
        ("mode=anybody&url=&seen=b2b+https://app.example/verify", "no such way"),
    ] {
        let refused = post(form).await;
        assert!(refused.status == StatusCode::OK && refused.text.contains(words), "{form}: {}", refused.text);
    }
    assert_eq!(environments::list(&site.app).await.unwrap().remove(0), now, "nothing was changed");
    let off = post("mode=none&url=&seen=b2b+https://app.example/verify").await;
    assert_eq!(off.status, StatusCode::SEE_OTHER, "{}", off.text);
}
