//! A stage for each element of a list: what is made of each, one after another.

use super::batch::Missing;
use super::not_read;
use crate::failure::{Failure, FailureKind};
use crate::native::Native;
use crate::plan::Each;
use crate::setting::Setting;
use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value};
use valetkey_domain::invisible::shown;

/// A request for each element, after what names the element.
pub(super) fn requests(
    each: &Each,
    scope: &mut Map<String, Value>,
    setting: &Setting,
    request: impl Fn(&Map<String, Value>, &Setting) -> Result<Request<Bytes>, Failure>,
) -> Result<Vec<(Value, Request<Bytes>)>, Failure> {
    let elements = elements(each, scope, "requests that one call may make")?;
    let mut made = Vec::with_capacity(elements.len());
    for element in elements {
        let id = not_read::name(&element);
        scope.insert(each.element.clone(), element);
        made.push((id, request(scope, setting)?));
    }
    scope.remove(&each.element);
    Ok(made)
}

/// What a native makes of each element. With `partial` one that takes more work than its share costs only itself, and
/// is told of; with nothing made there is nothing to give.
pub(super) fn worked(
    each: &Each,
    native: Native,
    scope: &mut Map<String, Value>,
    setting: &Setting,
    partial: bool,
) -> Result<(Value, Vec<Missing>), Failure> {
    let elements = elements(each, scope, "things that one call goes through")?;
    let count = elements.len();
    let (mut made, mut lost) = (Vec::with_capacity(count), Vec::new());
    let mut own = setting.clone();
    for (at, element) in elements.into_iter().enumerate() {
        let id = not_read::name(&element);
        scope.insert(each.element.clone(), element);
        own.work = setting.work.share(count - at);
        match native(scope, &own) {
            Ok(value) => made.push(value),
            Err(failure) if partial && own.work.is_used_up() => lost.push(Missing { id, failure }),
            Err(failure) => return Err(failure),
        }
    }
    scope.remove(&each.element);
    match lost.first() {
        Some(first) if made.is_empty() => Err(first.failure.clone()),
        _ => Ok((Value::Array(made), lost)),
    }
}

fn elements(each: &Each, scope: &Map<String, Value>, what: &str) -> Result<Vec<Value>, Failure> {
    let elements = match each.list.value(scope).map_err(|unusable| unusable.failure(defect))? {
        Some(Value::Array(elements)) => elements,
        None => Vec::new(),
        Some(_) => return Err(defect("a step's list is not a list")),
    };
    if elements.len() > each.limit {
        let limit = each.limit;
        return Err(Failure::invalid(format!(
            "this would take more than the {limit} {what}; ask for fewer things at once"
        )));
    }
    Ok(elements)
}

/// Something in the connector file, or in an answer that it did not foresee.
pub(super) fn defect(why: impl AsRef<str>) -> Failure {
    let why = shown(why.as_ref(), 200);
    Failure::new(
        FailureKind::Upstream,
        format!("the app's answer could not be used: {why}. The arguments are not the cause."),
    )
}
