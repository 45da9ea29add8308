//! Remote MCP servers, whose tools are known when a user has signed in there.

use super::{OWN, ask, signed_in};
use crate::tests::harness::site_at;
use http::{Method, StatusCode};
use valetkey_domain::member::Role;

#[tokio::test]
async fn a_config_keeps_and_shows_the_tools_that_it_names_of_a_remote_server() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Developer).await;
    let post = async |path: &str, form: &str| {
        ask(&site, Method::POST, path, Some(&cookie), Some(format!("token={token}&{form}"))).await
    };
    let see = async |path: &str| ask(&site, Method::GET, path, Some(&cookie), None).await.text;
    let of = "/dashboard/development";
    let made = post(&format!("{of}/connections/create/activepiecesmcp"), "name=AP").await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let form = see(&format!("{of}/configs/create")).await;
    assert!(form.contains("value=\"activepiecesmcp_ap_test_flow\"") && form.contains("name=\"more:AP\""), "{form}");
    let some = "connection=AP&which:AP=some&tool:AP=activepiecesmcp_ap_test_flow&more:AP=activepiecesmcp_of_their_own";
    let made = post(&format!("{of}/configs/create"), &format!("name=flows&{some}")).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let config = made.location.split('?').next().unwrap().to_owned();
    let page = see(&config).await;
    let both = ["activepiecesmcp_ap_test_flow", "activepiecesmcp_of_their_own"];
    assert!(both.iter().all(|tool| page.contains(&format!("<code>{tool}</code>"))), "{page}");
    assert!(page.contains("2 tools, about 0 tokens, 2 of them not weighed"), "{page}");
    let form = see(&format!("{config}/edit")).await;
    let ticked: Vec<_> = form
        .split("name=\"tool:AP\" value=\"")
        .skip(1)
        .filter(|rest| rest.split('>').next().unwrap().ends_with(" checked"))
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(ticked, both);
    // Sent as the form stands, but for the description.
    let sent: String = ticked.iter().map(|tool| format!("&tool:AP={tool}")).collect();
    let form = format!("description=other&connection=AP&which:AP=some{sent}&more:AP=&seen=1");
    let saved = post(&format!("{config}/edit"), &form).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let version = see(&format!("{config}/versions/2")).await;
    assert!(!version.contains("<ins><code>") && !version.contains("<del><code>"), "only the description: {version}");
    let wrong = post(&format!("{of}/configs/create"), "name=y&connection=AP&which:AP=some&more:AP=gmail_trash").await;
    assert!(wrong.text.contains("are called activepiecesmcp_") && wrong.text.contains("value=\"gmail_trash\""));
    let all = post(&format!("{of}/configs/create"), "name=all&connection=AP&which:AP=all").await;
    assert!(see(&all.location).await.contains("All tools that its server lists to each user"));
}

#[tokio::test]
async fn the_playground_says_who_has_to_sign_in_before_a_remote_server_lists_its_tools() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Developer).await;
    let form = Some(format!("token={token}&name=AP"));
    let path = "/dashboard/development/connections/create/activepiecesmcp";
    ask(&site, Method::POST, path, Some(&cookie), form).await;
    let path = "/dashboard/development/playground?connection=AP&user=ann";
    let seen = ask(&site, Method::GET, path, Some(&cookie), None).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text);
    assert!(seen.text.contains("which lists its tools to a user who has signed in there"), "{}", seen.text);
    assert!(seen.text.contains("why?what=AP&amp;user=ann\">Why does a call not work?"), "{}", seen.text);
}
