//! Which scopes a consent asks for: what the whitelists need by which the user reaches the connection, what the call
//! lacked of which the link came, and no more.

use crate::connections::Wired;
use crate::{App, Result};
use std::collections::HashSet;
use valetkey_connectors::{Connector, Tool};
use valetkey_domain::Ctx;
use valetkey_domain::account::ConnectedAccount;
use valetkey_storage::configs::{self, WHITELISTS};

/// The scopes to ask this account's owner for, `lacking` among them. What the developer set on the connection stays as it
/// is.
pub(crate) async fn requested_scopes(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
    lacking: &[String],
) -> Result<Vec<String>> {
    if !wired.connection.settings.scopes.is_empty() {
        return Ok(wired.scopes());
    }
    if wired.connector.remote.is_some() {
        return Ok(of_remote(wired.scopes(), &account.scopes, lacking));
    }
    let mut tx = app.core.store.read().await?;
    let lists = configs::whitelists(ctx, &mut tx, &wired.connection.id, &account.owner.identifier).await?;
    let all = lists.is_empty() || lists.len() >= WHITELISTS || lists.iter().any(Vec::is_empty);
    drop(tx);
    let named: HashSet<String> = lists.into_iter().flatten().collect();
    let mut requested_scopes = if all { usual(&wired.connector, &account.scopes) } else { common(&wired.connector) };
    let listed = wired.connector.tools.iter().filter(|(name, _)| named.contains(name.as_str()));
    let tools: Vec<&Tool> = listed.map(|(_, tool)| tool.as_ref()).collect();
    for scope in needed(&tools, &requested_scopes, &account.scopes).into_iter().chain(lacking.iter().cloned()) {
        if !requested_scopes.contains(&scope) {
            requested_scopes.push(scope);
        }
    }
    Ok(requested_scopes)
}

/// A remote server's scopes, and what a call lacked. Each consent replaces the one before, so that one goes on asking for what
/// was granted.
fn of_remote(mut usual: Vec<String>, granted: &[String], lacking: &[String]) -> Vec<String> {
    let kept = if lacking.is_empty() { &[] } else { granted };
    for scope in kept.iter().chain(lacking) {
        if !usual.contains(scope) {
            usual.push(scope.clone());
        }
    }
    usual
}

/// Who reaches all tools is asked for the connector's default scopes, and again for what a tool once made them grant:
/// each consent replaces the one before.
fn usual(connector: &Connector, granted: &[String]) -> Vec<String> {
    let mut usual = connector.default_scopes.clone();
    let kept = granted.iter().filter(|scope| !usual.contains(scope) && is_of_a_tool(connector, scope)).cloned();
    let kept: Vec<String> = kept.collect();
    usual.extend(kept);
    usual
}

/// The connector's default scopes that no tool names: they say who signs in, and that the access may be renewed.
fn common(connector: &Connector) -> Vec<String> {
    connector.default_scopes.iter().filter(|scope| !is_of_a_tool(connector, scope)).cloned().collect()
}

fn is_of_a_tool(connector: &Connector, scope: &String) -> bool {
    connector.tools.values().any(|tool| tool.scopes.alternatives().iter().any(|one| one.contains(scope)))
}

/// What these tools need beyond what is asked for anyway. Of a tool's alternatives one that is granted already comes
/// first, so that a second consent never takes away what is still needed, then the connector's preference. What another
/// tool's scope turns out to cover is left out again.
fn needed(tools: &[&Tool], anyway: &[String], granted: &[String]) -> Vec<String> {
    let within = |scopes: &[String], all: &[&[String]]| scopes.iter().all(|s| all.iter().any(|list| list.contains(s)));
    let mut needed: Vec<String> = Vec::new();
    for tool in tools {
        let alternatives = tool.scopes.alternatives();
        if alternatives.iter().any(|one| within(one, &[anyway, &needed])) {
            continue;
        }
        let chosen = alternatives.iter().find(|one| within(one, &[anyway, granted])).or_else(|| alternatives.first());
        needed.extend(chosen.into_iter().flatten().cloned());
    }
    let all = needed.clone();
    for scope in all {
        let without: Vec<String> = needed.iter().filter(|other| **other != scope).cloned().collect();
        let enough = |tool: &&Tool| {
            let alternatives = tool.scopes.alternatives();
            alternatives.is_empty() || alternatives.iter().any(|one| within(one, &[anyway, &without]))
        };
        if tools.iter().all(enough) {
            needed = without;
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_connectors::Catalog;

    fn requested(connector: &str, tools: &[&str], granted: &[&str]) -> Vec<String> {
        let connector = Catalog::shipped().unwrap().connector(connector).unwrap();
        let tools: Vec<&Tool> = tools.iter().map(|name| connector.tools[*name].as_ref()).collect();
        let granted: Vec<String> = granted.iter().map(|scope| (*scope).to_owned()).collect();
        let common = common(&connector);
        let needed = needed(&tools, &common, &granted);
        common
            .into_iter()
            .chain(needed)
            .map(|scope| scope.rsplit('/').find(|s| !s.is_empty()).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn only_what_the_tools_need_is_asked_for() {
        assert_eq!(requested("gmail", &["gmail_fetch_mails"], &[]), ["openid", "userinfo.email", "gmail.readonly"]);
        assert_eq!(requested("gmail", &["gmail_send_message"], &[]), ["openid", "userinfo.email", "gmail.send"]);
        let both = requested("gmail", &["gmail_fetch_mails", "gmail_send_message"], &[]);
        assert_eq!(both, ["openid", "userinfo.email", "gmail.readonly", "gmail.send"]);
        assert_eq!(requested("gmail", &[], &[]), ["openid", "userinfo.email"]);
    }

    #[test]
    fn what_a_wider_scope_covers_is_left_out_in_either_order() {
        let list = "googlecalendar_list_events";
        assert_eq!(requested("googlecalendar", &[list], &[]), ["openid", "userinfo.email", "calendar.events.readonly"]);
        for tools in [[list, "googlecalendar_create_event"], ["googlecalendar_create_event", list]] {
            assert_eq!(requested("googlecalendar", &tools, &[]), ["openid", "userinfo.email", "calendar.events"]);
        }
    }

    #[test]
    fn a_remote_server_is_asked_for_what_a_call_lacked_beside_what_was_granted() {
        let of = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        let asked = |granted: &[&str], lacking: &[&str]| of_remote(of(&["a", "b"]), &of(granted), &of(lacking));
        assert_eq!(asked(&["a", "c"], &[]), ["a", "b"]);
        assert_eq!(asked(&["a", "c"], &["d", "a"]), ["a", "b", "c", "d"]);
    }

    #[test]
    fn what_is_granted_and_still_needed_is_asked_for_again() {
        let modify = "https://www.googleapis.com/auth/gmail.modify";
        assert_eq!(requested("gmail", &["gmail_fetch_mails"], &[modify]), ["openid", "userinfo.email", "gmail.modify"]);
        let granted = ["https://www.googleapis.com/auth/gmail.send"];
        assert_eq!(
            requested("gmail", &["gmail_fetch_mails"], &granted),
            ["openid", "userinfo.email", "gmail.readonly"]
        );
    }
}
