//! `notion_readable`: what Notion answered (saved as `found`) as a person reads it, whatever it is: a page with its
//! properties' plain values, a block with its text, a data source with what its columns are, a database, a comment, a
//! user, a property's value; of a list each element. Members that Notion does not have or that are null are left out.

use super::notion_block as block;
use super::notion_property as property;
use super::notion_text::{plain, rich};
use super::scope::{Scope, member, saved};
use super::work::Work;
use crate::{Failure, FailureKind, Setting};
use serde_json::{Map, Value, json};

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let found = saved(scope, "found").ok_or_else(|| {
        Failure::new(FailureKind::Upstream, "Notion answered nothing that can be shown; try again, or check the id")
    })?;
    shown(found, &setting.work)
}

fn shown(found: &Value, work: &Work) -> Result<Value, Failure> {
    if let Some(results) = found.get("results").and_then(Value::as_array) {
        let all = results.iter().map(|result| shown(result, work)).collect::<Result<Vec<_>, _>>()?;
        return Ok(property::joined(found, all));
    }
    work.spend(weight(found))?;
    Ok(match member(found, "object") {
        Some("page") => page(found),
        Some("data_source") => data_source(found),
        Some("database") => database(found),
        Some("block") => block::shown(found),
        Some("comment") => comment(found),
        Some("user") => user(found),
        Some("property_item") => property::value(found),
        _ => found.clone(),
    })
}

/// How much there is to look at: each value, and the bytes of texts.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len(),
        Value::Array(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Value::Object(members) => 1 + members.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>(),
        _ => 1,
    }
}

fn page(page: &Value) -> Value {
    let mut row = picked(page, &["object", "id"]);
    let properties = page.get("properties").and_then(Value::as_object);
    let is_title = |(_, value): &(&String, &Value)| member(value, "type") == Some("title");
    if let Some((_, title)) = properties.and_then(|all| all.iter().find(is_title)) {
        row.insert("title".to_owned(), property::value(title));
    }
    row.extend(picked(page, &["url", "public_url", "created_time", "last_edited_time"]));
    row.extend(common(page));
    let others = properties.into_iter().flatten().filter(|pair| !is_title(pair));
    let others = others.map(|(name, value)| (name.clone(), property::value(value)));
    let others: Map<String, Value> = others.filter(|(_, value)| !is_empty(value)).collect();
    if !others.is_empty() {
        row.insert("properties".to_owned(), others.into());
    }
    Value::Object(row)
}

fn data_source(source: &Value) -> Value {
    let mut row = titled(source);
    row.extend(common(source));
    let properties = source.get("properties").and_then(Value::as_object).into_iter().flatten();
    let columns = properties.map(|(name, column)| (name.clone(), property::column(column)));
    row.insert("properties".to_owned(), columns.collect::<Map<_, _>>().into());
    Value::Object(row)
}

fn database(database: &Value) -> Value {
    let mut row = titled(database);
    row.extend(common(database));
    row.extend(picked(database, &["is_inline", "data_sources"]));
    Value::Object(row)
}

/// The members of what has a title of its own.
fn titled(thing: &Value) -> Map<String, Value> {
    let mut row = picked(thing, &["object", "id"]);
    for name in ["title", "description"] {
        let text = thing.get(name).map(plain).unwrap_or_default();
        if !text.is_empty() {
            row.insert(name.to_owned(), text.into());
        }
    }
    row.extend(picked(thing, &["url", "public_url", "created_time", "last_edited_time"]));
    row
}

/// Where a thing stands, and what marks it.
fn common(thing: &Value) -> Map<String, Value> {
    let mut row = Map::new();
    for name in ["parent", "database_parent"] {
        if let Some(parent) = thing.get(name).filter(|parent| parent.is_object()) {
            // `type` only repeats the name of the member beside it.
            let mut parent = parent.clone();
            if let Some(members) = parent.as_object_mut() {
                members.shift_remove("type");
            }
            row.insert(name.to_owned(), parent);
        }
    }
    if let Some(icon) = thing.get("icon").and_then(|icon| icon.get("emoji")) {
        row.insert("icon".to_owned(), icon.clone());
    }
    for name in ["in_trash", "is_archived", "is_locked"] {
        if thing.get(name) == Some(&Value::Bool(true)) {
            row.insert(name.to_owned(), true.into());
        }
    }
    row
}

fn comment(comment: &Value) -> Value {
    let mut row = picked(comment, &["id", "discussion_id"]);
    row.extend(common(comment));
    let text = comment.get("rich_text").map(rich).unwrap_or_default();
    row.insert("text".to_owned(), text.into());
    let author = comment.get("display_name").and_then(|name| name.get("resolved_name"));
    if let Some(author) = author.filter(|author| !author.is_null()) {
        row.insert("author".to_owned(), author.clone());
    }
    if let Some(id) = comment.get("created_by").and_then(|user| user.get("id")) {
        row.insert("created_by".to_owned(), id.clone());
    }
    row.extend(picked(comment, &["created_time"]));
    let files = comment.get("attachments").and_then(Value::as_array).into_iter().flatten();
    let files: Vec<Value> =
        files.map(|one| json!({"category": one.get("category"), "url": one.pointer("/file/url")})).collect();
    if !files.is_empty() {
        row.insert("attachments".to_owned(), files.into());
    }
    Value::Object(row)
}

fn user(user: &Value) -> Value {
    let mut row = picked(user, &["id", "name", "type"]);
    let bot = user.get("bot").unwrap_or(&Value::Null);
    let person = bot.get("owner").and_then(|owner| owner.get("user"));
    if let Some(email) = email(user).or_else(|| person.and_then(email)) {
        row.insert("email".to_owned(), email.clone());
    }
    if let Some(person) = person {
        row.insert("acts_for".to_owned(), Value::Object(picked(person, &["id", "name"])));
    }
    row.extend(picked(bot, &["workspace_id", "workspace_name"]));
    Value::Object(row)
}

fn email(user: &Value) -> Option<&Value> {
    user.get("person")?.get("email")
}

/// The members of these names that are there.
pub(super) fn picked(from: &Value, names: &[&str]) -> Map<String, Value> {
    let found = names.iter().filter_map(|name| Some(((*name).to_owned(), from.get(name)?.clone())));
    found.filter(|(_, value)| !value.is_null()).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
