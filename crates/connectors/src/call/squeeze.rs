//! The last way to make a value small: where most of it is, elements and members are left out.

use indexmap::IndexSet;
use serde_json::{Map, Value};
use std::cmp::Reverse;

/// The most containers that are made smaller: what then is still too large is large in too many places.
const MAX_PLACES: usize = 16;
/// The longest name that is told, in bytes.
const MAX_NAME: usize = 80;

/// What was left out.
#[derive(Debug, Default)]
pub(super) struct Squeezed {
    /// Elements of lists.
    pub(super) elements: usize,
    /// Members of objects.
    pub(super) members: usize,
    /// The names of the first of them.
    pub(super) names: Vec<String>,
    /// How many bytes more the names may have.
    room: usize,
}

impl Squeezed {
    fn tell(&mut self, name: String) {
        let room = self
            .room
            .checked_sub(name.len() + 8)
            .filter(|_| name.len() <= MAX_NAME && !name.contains(char::is_control));
        if let Some(room) = room {
            self.room = room;
            self.names.push(name);
        }
    }
}

/// The length of a value as JSON.
pub(super) fn size(value: &Value) -> usize {
    struct Length(usize);
    impl std::io::Write for Length {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut length = Length(0);
    match serde_json::to_writer(&mut length, value) {
        Ok(()) => length.0,
        // Nothing that was read from JSON fails here. Were it so, nothing would be let through.
        Err(_) => usize::MAX,
    }
}

/// Leaves out elements and members until the value fits, if it can be so: of lists the last, one always stays; of
/// objects the largest. The names of members that are told have `named` bytes at most, and the value leaves them room.
pub(super) fn squeeze(value: &mut Value, budget: usize, named: usize) -> Squeezed {
    let mut squeezed = Squeezed { room: named, ..Squeezed::default() };
    if size(value) <= budget {
        return squeezed;
    }
    for _ in 0..MAX_PLACES {
        match size(value).checked_sub(budget.saturating_sub(named)) {
            None | Some(0) => break,
            Some(over) => shrink(value, over, &mut squeezed),
        }
    }
    squeezed
}

/// Makes that list or object smaller in which most of the value is: from the outside in, as long as one part is most of
/// the whole.
fn shrink(value: &mut Value, over: usize, squeezed: &mut Squeezed) {
    let half = size(value) / 2;
    let heavy = |part: &Value| can_shrink(part) && size(part) > half;
    let inner = match value {
        Value::Array(items) => items.iter_mut().find(|part| heavy(part)),
        Value::Object(members) => members.values_mut().find(|part| heavy(part)),
        _ => None,
    };
    if let Some(inner) = inner {
        return shrink(inner, over, squeezed);
    }
    match value {
        Value::Array(items) => squeezed.elements += shorten(items, over),
        Value::Object(members) => {
            let gone = largest(members, over);
            squeezed.members += gone.len();
            members.retain(|name, _| !gone.contains(name));
            gone.into_iter().for_each(|name| squeezed.tell(name));
        }
        _ => {}
    }
}

fn can_shrink(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.len() > 1 || items.first().is_some_and(can_shrink),
        Value::Object(members) => !members.is_empty(),
        _ => false,
    }
}

/// Drops elements from the end until so many bytes are gone, and counts them. One always stays.
fn shorten(items: &mut Vec<Value>, over: usize) -> usize {
    let before = items.len();
    let mut gone = 0;
    while gone < over && items.len() > 1 {
        gone += items.pop().map_or(0, |item| size(&item) + 1);
    }
    before - items.len()
}

/// The names of the largest members that together have so many bytes; of equal ones the later.
fn largest(members: &Map<String, Value>, over: usize) -> IndexSet<String> {
    let sizes = members.iter().enumerate().map(|(at, (name, part))| (name.len() + size(part) + 4, at, name));
    let mut sizes: Vec<_> = sizes.collect();
    sizes.sort_unstable_by_key(|(size, at, _)| Reverse((*size, *at)));
    let mut gone = 0;
    let enough = sizes.into_iter().take_while(|(size, ..)| {
        let wanted = gone < over;
        gone += size;
        wanted
    });
    enough.map(|(.., name)| name.clone()).collect()
}
