//! The repositories of a new lab: one, with an issue that is open.

use crate::Person;
use crate::repositories::{Comment, Issue, Label, Repository};
use crate::state::State;
use std::collections::{BTreeMap, BTreeSet};
use valetkey_domain::Timestamp;

/// Gives the first person a repository, in which the second found something.
pub(super) fn add(state: &mut State, people: &[Person], now: Timestamp) {
    let Some(owner) = people.first() else { return };
    let author = people.get(1).unwrap_or(owner);
    let bug = Label {
        id: state.github.next_id(),
        name: "bug".to_owned(),
        color: "d73a4a".to_owned(),
        description: Some("Something isn't working".to_owned()),
    };
    let comment = Comment {
        id: state.github.next_id(),
        author: owner.email.clone(),
        body: "Which side?".to_owned(),
        created: now,
        updated: now,
    };
    let issue = Issue {
        id: state.github.next_id(),
        author: author.email.clone(),
        title: "The canoe leaks".to_owned(),
        body: Some("Water comes in below the bench.".to_owned()),
        reason: None,
        closed: None,
        locked: false,
        labels: BTreeSet::from(["bug".to_owned()]),
        assignees: BTreeSet::new(),
        created: now,
        updated: now,
        comments: vec![comment],
    };
    let repository = Repository {
        owner: owner.email.clone(),
        name: "boat".to_owned(),
        issues: BTreeMap::from([(1, issue)]),
        labels: BTreeMap::from([("bug".to_owned(), bug)]),
    };
    let login = owner.email.split('@').next().unwrap_or_default();
    state.github.by_name.insert(format!("{login}/boat").to_lowercase(), repository);
}
