//! Tools that a config names and that its connector has no more.

use super::{OWN, ask, signed_in};
use crate::tests::harness::site_at;
use http::{Method, StatusCode};
use valetkey_domain::member::Role;

#[tokio::test]
async fn a_tool_that_is_gone_is_shown_and_stays_chosen_until_somebody_takes_it_out() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Developer).await;
    let post = async |path: &str, form: &str| {
        ask(&site, Method::POST, path, Some(&cookie), Some(format!("token={token}&{form}"))).await
    };
    let see = async |path: &str| ask(&site, Method::GET, path, Some(&cookie), None).await.text;
    let one = "name=one&connection=MY_GMAIL&which:MY_GMAIL=some&tool:MY_GMAIL=gmail_fetch_mails";
    let made = post("/dashboard/development/configs/create", one).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let config = made.location.split('?').next().unwrap().to_owned();
    // As a connector file's next edition would have it.
    let mut tx = site.store.write().await.unwrap();
    let sql = "UPDATE mcp_config_mappings SET tools = replace(tools, 'gmail_fetch_mails', 'gmail_fetch_faxes')";
    assert_eq!(tx.run(sql, []).await.unwrap(), 1);
    tx.commit().await.unwrap();

    let page = see(&config).await;
    assert!(page.contains("<code>gmail_fetch_faxes</code>") && page.contains("1 tool, about 0 tokens, 1 of"), "{page}");
    let form = see(&format!("{config}/edit")).await;
    let ticked = form.split("value=\"gmail_fetch_faxes\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(ticked.ends_with(" checked"), "{ticked}");
    assert!(form.contains("Its connector has it no more"), "{form}");

    let rest = "description=other&connection=MY_GMAIL&which:MY_GMAIL=some&seen=1";
    let kept = post(&format!("{config}/edit"), &format!("{rest}&tool:MY_GMAIL=gmail_fetch_faxes")).await;
    assert_eq!(kept.status, StatusCode::OK);
    assert!(kept.text.contains("has no tool &#x27;gmail_fetch_faxes&#x27;"), "{}", kept.text);
    let other = post(&format!("{config}/edit"), &format!("{rest}&tool:MY_GMAIL=gmail_get_profile")).await;
    assert_eq!(other.status, StatusCode::SEE_OTHER, "{}", other.text);
    assert!(!see(&config).await.contains("gmail_fetch_faxes"));
}
