//! What becomes of the tools that an edit takes out of a config: they stop at once, unless the edit asks for a grace.

use crate::{Error, Result};
use serde_json::{Map, Value, json};
use std::time::Duration;
use valetkey_core::journal;
use valetkey_domain::config::{Mapping, McpConfig};
use valetkey_domain::grace::{Grace, LENGTH};
use valetkey_domain::{Ctx, Timestamp};
use valetkey_storage::{Tx, connections};

/// How many graces may go on at once: one is for each connection that an edit takes something out of.
const MOST: usize = 50;

/// What an edit asks for.
#[derive(Clone, Copy)]
pub(super) enum GraceRequest {
    /// Nothing: what it takes out stops at once, and graces of earlier edits go on.
    Nothing,
    /// That all graces end.
    End,
    /// That what it takes out can be called until then.
    Until(Timestamp),
}

/// What a length of time asks for: none asks for nothing, and zero for the end of all.
///
/// # Errors
/// It is too short or too long.
pub(super) fn asked(length: Option<Duration>, now: Timestamp) -> Result<GraceRequest> {
    match length {
        None => Ok(GraceRequest::Nothing),
        Some(Duration::ZERO) => Ok(GraceRequest::End),
        Some(length) if LENGTH.contains(&length) => Ok(GraceRequest::Until(now + length)),
        Some(_) => Err(Error::invalid(
            "the grace of removed tools is from 5 minutes to 24 hours: leave it out to have them stop at once; 0 ends the \
             graces that go on",
        )),
    }
}

/// Writes into an edited config which tools can still be called, and gives what the record of the edit says of it.
///
/// # Errors
/// Too many graces would go on at once.
pub(super) fn settle(
    before: &McpConfig,
    after: &mut McpConfig,
    asked: GraceRequest,
    now: Timestamp,
) -> Result<Map<String, Value>> {
    let new = match asked {
        GraceRequest::Until(until) => given(before, &after.mappings, until),
        GraceRequest::Nothing | GraceRequest::End => Vec::new(),
    };
    let old = match asked {
        GraceRequest::End => Vec::new(),
        GraceRequest::Nothing | GraceRequest::Until(_) => standing(before, &after.mappings, now),
    };
    let ended = matches!(asked, GraceRequest::End) && before.options.graces.iter().any(|grace| grace.until > now);
    let said = match new.is_empty() {
        true if ended => journal::detail([("graces_ended", json!(true))]),
        true => Map::new(),
        false => journal::detail([("grace", json!(new))]),
    };
    after.options.graces = [new, old].concat();
    if after.options.graces.len() > MOST {
        let message = format!(
            "an MCP config gives grace to removed tools of {MOST} connections at most at once: wait until one has ended, or \
             end them all with a grace of 0"
        );
        return Err(Error::invalid(message));
    }
    Ok(said)
}

/// The graces of what an edit takes out of a config.
fn given(before: &McpConfig, listed: &[Mapping], until: Timestamp) -> Vec<Grace> {
    let of = |mapping: &Mapping| Grace {
        connection: mapping.connection.clone(),
        tools: mapping.tools.clone(),
        except: Vec::new(),
        approvals: before.options.approvals.clone(),
        until,
    };
    before.mappings.iter().filter_map(|mapping| beside(of(mapping), listed)).collect()
}

/// What stands of the graces that earlier edits gave.
fn standing(before: &McpConfig, listed: &[Mapping], now: Timestamp) -> Vec<Grace> {
    let standing = before.options.graces.iter().filter(|grace| grace.until > now);
    standing.cloned().filter_map(|grace| beside(grace, listed)).collect()
}

/// What is left of a grace where these mappings are listed.
fn beside(grace: Grace, listed: &[Mapping]) -> Option<Grace> {
    let connection = grace.connection.clone();
    let mut same = listed.iter().filter(|mapping| mapping.connection == connection);
    same.try_fold(grace, |grace, mapping| grace.beside(&mapping.tools))
}

/// The graces of a version, each with its connection's name and connector; without those whose connection is gone.
///
/// # Errors
/// The database cannot be read.
pub(super) async fn with_mappings(ctx: &Ctx, tx: &mut Tx, graces: &[Grace]) -> Result<Vec<(Grace, Mapping)>> {
    let mut found = Vec::with_capacity(graces.len());
    for grace in graces {
        let Some(connection) = connections::get(ctx, tx, &grace.connection).await? else { continue };
        let mapping = Mapping {
            connection: connection.id,
            connection_name: connection.name,
            connector: connection.connector,
            tools: grace.tools.clone(),
        };
        found.push((grace.clone(), mapping));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_domain::config::Options;
    use valetkey_domain::id::{ConfigId, ConnectionId, EnvironmentId};
    use valetkey_domain::name::{ConfigName, ConnectionName};

    fn mapping(connection: &str, tools: &[&str]) -> Mapping {
        Mapping {
            connection: ConnectionId::parse(&format!("conn_{connection}")).unwrap(),
            connection_name: ConnectionName::parse(connection).unwrap(),
            connector: "acme".into(),
            tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn of(mappings: Vec<Mapping>) -> McpConfig {
        McpConfig {
            id: ConfigId::parse("cfg_1").unwrap(),
            environment: EnvironmentId::parse("env_1").unwrap(),
            uuid: uuid::Uuid::nil(),
            name: ConfigName::parse("config").unwrap(),
            description: String::new(),
            mappings,
            options: Options::default(),
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    /// Edits one after another: what each lists, and until when it asks for grace for what it takes out.
    fn edited(first: Vec<Mapping>, edits: Vec<(Vec<Mapping>, Option<i64>)>) -> Vec<Grace> {
        let mut config = of(first);
        for (after, until) in edits {
            let mut edited = McpConfig { mappings: after, ..config.clone() };
            settle(
                &config,
                &mut edited,
                until.map_or(GraceRequest::Nothing, |until| GraceRequest::Until(at(until))),
                at(10),
            )
            .unwrap();
            config = edited;
        }
        config.options.graces
    }

    fn words(graces: &[Grace]) -> Vec<String> {
        let word =
            |grace: &Grace| format!("{} [{}] -[{}]", grace.connection, grace.tools.join(","), grace.except.join(","));
        graces.iter().map(word).collect()
    }

    #[test]
    fn an_edit_gives_grace_to_what_it_takes_out_and_to_nothing_else() {
        let two = || vec![mapping("a", &["x", "y"]), mapping("b", &[])];
        assert!(edited(two(), vec![(two(), Some(99))]).is_empty());
        assert!(edited(two(), vec![(vec![], None)]).is_empty(), "nor without being asked");
        let gone = edited(two(), vec![(vec![mapping("a", &["x"])], Some(99))]);
        assert_eq!(words(&gone), ["conn_a [x,y] -[x]", "conn_b [] -[]"]);
        let narrowed = edited(two(), vec![(vec![mapping("a", &["x", "y"]), mapping("b", &["z"])], Some(99))]);
        assert_eq!(words(&narrowed), ["conn_b [] -[z]"]);
        let widened = edited(two(), vec![(vec![mapping("a", &[]), mapping("b", &[])], Some(99))]);
        assert!(widened.is_empty());
    }

    #[test]
    fn what_came_back_has_no_grace_from_before() {
        let all = || vec![mapping("a", &["x", "y"])];
        let only = |tools: &[&str]| vec![mapping("a", tools)];
        // `y` goes with grace, comes back, and goes without.
        assert!(edited(all(), vec![(only(&["x"]), Some(99)), (all(), None), (only(&["x"]), None)]).is_empty());
        // What goes without has none because of what went before it.
        let mixed = edited(vec![mapping("a", &[])], vec![(only(&["x", "y"]), Some(99)), (only(&["x"]), None)]);
        assert_eq!(words(&mixed), ["conn_a [] -[x,y]"]);
        let two_maps = vec![mapping("a", &["x"]), mapping("a", &["y"])];
        assert!(edited(all(), vec![(two_maps, Some(99))]).is_empty(), "listed in two mappings of one connection");
    }

    #[test]
    fn a_grace_runs_on_through_later_edits_to_its_end() {
        let one = || vec![mapping("a", &["x"])];
        let later = edited(one(), vec![(vec![], Some(99)), (vec![mapping("b", &[])], None), (vec![], Some(50))]);
        assert_eq!(words(&later), ["conn_b [] -[]", "conn_a [x] -[]"], "the newest first");
        assert!(edited(one(), vec![(vec![], Some(10)), (vec![], None)]).is_empty(), "it is over");
    }

    #[test]
    fn its_length_has_bounds_and_so_has_their_number() {
        let minutes = |minutes: u64| asked(Some(Duration::from_secs(60 * minutes)), at(0));
        assert!(matches!(minutes(5), Ok(GraceRequest::Until(until)) if until == at(300)));
        assert!(matches!(minutes(24 * 60), Ok(GraceRequest::Until(_))));
        assert!(minutes(4).is_err() && minutes(24 * 60 + 1).is_err());
        assert!(matches!(minutes(0), Ok(GraceRequest::End)) && matches!(asked(None, at(0)), Ok(GraceRequest::Nothing)));
        let edits = |many: usize| (0..many).flat_map(|_| [(vec![], Some(99)), (vec![mapping("a", &["x"])], None)]);
        assert!(edited(vec![mapping("a", &["x"])], edits(99).collect()).is_empty(), "what comes back ends its own");
        let all: Vec<_> = (0..51).map(|number| mapping(&format!("c{number}"), &[])).collect();
        let before = of(all);
        let refused = settle(&before, &mut of(vec![]), GraceRequest::Until(at(99)), at(10)).unwrap_err();
        assert!(refused.message().contains("50 connections"), "{refused}");
    }
}
