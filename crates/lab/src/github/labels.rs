//! Labels: those that a repository has, and those that an issue carries.

use super::find::{invalid, issue, issue_mut, missing, need_push, page, repository, repository_mut, text};
use super::view;
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::cite;
use crate::repositories::{Label, Repository};
use crate::state::State;
use serde_json::Value;
use std::collections::BTreeSet;
use valetkey_domain::Timestamp;

/// The colour of a label that was made by being put on an issue.
const COLOR: &str = "ededed";

pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let repository = repository(state, call)?;
    Ok(view::label(repository, named_by_path(repository, call)?).into())
}

pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let repository = repository(state, call)?;
    let (found, next) = page(call, repository.labels.values().collect());
    let shown: Value = found.into_iter().map(|label| view::label(repository, label)).collect();
    Ok(Answer { next, ..Answer::from(shown) })
}

pub(crate) fn create(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let there = repository(state, call)?;
    need_push(there, call)?;
    let name = text(call, "name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid("Label", "name", "missing_field"))?;
    if there.labels.contains_key(&name.to_lowercase()) {
        return Err(invalid("Label", "name", "already_exists"));
    }
    let color = text(call, "color").unwrap_or_else(|| COLOR.to_owned());
    let label = Label { id: state.github.next_id(), name, color, description: text(call, "description") };
    let repository = repository_mut(state, call)?;
    let shown = view::label(repository, &label);
    repository.labels.insert(label.name.to_lowercase(), label);
    Ok(Answer { made: true, ..Answer::from(shown) })
}

pub(crate) fn update(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let repository = repository_mut(state, call)?;
    need_push(repository, call)?;
    let old = named_by_path(repository, call)?.name.to_lowercase();
    let new = text(call, "new_name").unwrap_or_else(|| old.clone()).to_lowercase();
    if new != old && repository.labels.contains_key(&new) {
        return Err(invalid("Label", "name", "already_exists"));
    }
    let mut label = repository.labels.remove(&old).ok_or_else(|| missing(cite::GITHUB_LABELS))?;
    label.name = text(call, "new_name").unwrap_or(label.name);
    label.color = text(call, "color").unwrap_or(label.color);
    label.description = text(call, "description").or(label.description);
    for issue in repository.issues.values_mut() {
        if issue.labels.remove(&old) {
            issue.labels.insert(new.clone());
        }
    }
    let shown = view::label(repository, &label);
    repository.labels.insert(new, label);
    Ok(shown.into())
}

pub(crate) fn delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let repository = repository_mut(state, call)?;
    need_push(repository, call)?;
    let name = named_by_path(repository, call)?.name.to_lowercase();
    repository.labels.remove(&name);
    repository.issues.values_mut().for_each(|issue| issue.labels.retain(|carried| *carried != name));
    Ok(Answer::default())
}

pub(crate) fn add(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    need_push(repository(state, call)?, call)?;
    let new = named(state, call)?.unwrap_or_default();
    carried(state, now, call, |labels| labels.extend(new))
}

pub(crate) fn set(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    need_push(repository(state, call)?, call)?;
    let new = named(state, call)?.unwrap_or_default();
    carried(state, now, call, |labels| *labels = new)
}

pub(crate) fn remove(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    let there = repository(state, call)?;
    need_push(there, call)?;
    let name = call.path("name").to_lowercase();
    if !issue(there, call)?.labels.contains(&name) {
        return Err(ApiError::not_found("Label does not exist", cite::GITHUB_LABELS));
    }
    carried(state, now, call, |labels| labels.retain(|carried| *carried != name))
}

pub(crate) fn remove_all(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    need_push(repository(state, call)?, call)?;
    carried(state, now, call, BTreeSet::clear)?;
    Ok(Answer::default())
}

/// Changes what an issue carries; the answer is all that it carries then.
fn carried(state: &mut State, now: Timestamp, call: &Call, change: impl FnOnce(&mut BTreeSet<String>)) -> Outcome {
    let repository = repository_mut(state, call)?;
    let issue = issue_mut(repository, call)?;
    change(&mut issue.labels);
    issue.updated = now;
    let carried = issue.labels.clone();
    let labels = carried.iter().filter_map(|name| repository.labels.get(name));
    Ok(labels.map(|label| view::label(repository, label)).collect::<Value>().into())
}

/// The labels that the body names, by their names in lower case; those that the repository has not are made.
pub(super) fn named(state: &mut State, call: &Call) -> Result<Option<BTreeSet<String>>, ApiError> {
    let Some(Value::Array(named)) = call.members().get("labels").cloned() else { return Ok(None) };
    let mut all = BTreeSet::new();
    for one in named {
        let name = one.as_str().or_else(|| one.get("name")?.as_str()).map(str::to_owned);
        let name = name.filter(|name| !name.is_empty()).ok_or_else(|| invalid("Label", "name", "missing_field"))?;
        let key = name.to_lowercase();
        if !repository(state, call)?.labels.contains_key(&key) {
            let label = Label { id: state.github.next_id(), name, color: COLOR.to_owned(), description: None };
            repository_mut(state, call)?.labels.insert(key.clone(), label);
        }
        all.insert(key);
    }
    Ok(Some(all))
}

fn named_by_path<'a>(repository: &'a Repository, call: &Call) -> Result<&'a Label, ApiError> {
    repository.labels.get(&call.path("name").to_lowercase()).ok_or_else(|| missing(cite::GITHUB_LABELS))
}
