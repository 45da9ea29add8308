//! What a shape reads of its input, so that nothing else of an answer has to be kept.

use super::projection::Projection;
use std::collections::BTreeMap;

/// The parts of a value that are read. What is not among them may be left out of objects, and texts and lists may be
/// empty: what reads the value comes to the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    /// All of it.
    whole: bool,
    /// Members by name, each with what is read of it.
    members: BTreeMap<Box<str>, Demand>,
    /// What is read of every element or member.
    each: Option<Box<Demand>>,
}

impl Demand {
    /// Everything is read.
    pub(crate) fn whole() -> Self {
        Self { whole: true, ..Self::default() }
    }

    /// What stands at the end of a path of names is read, all of it.
    pub(crate) fn path<'a>(names: impl DoubleEndedIterator<Item = &'a str>) -> Self {
        names.rev().fold(Self::whole(), |demand, name| demand.under(name))
    }

    /// What a projection reads where of its values this is read.
    pub(super) fn of(projection: &Projection, then: &Self) -> Self {
        match projection {
            Projection::Whole => then.clone(),
            Projection::Field(name, _) => then.clone().under(name),
            Projection::Item(..) | Projection::Each(_) => {
                Self { each: Some(Box::new(then.clone())), ..Self::default() }
            }
            Projection::Constant(_) | Projection::Array(None) => Self::default(),
            Projection::Pipe(left, right) => Self::of(left, &Self::of(right, then)),
            Projection::Both(left, right) | Projection::Else(left, right) => {
                Self::of(left, then).and(&Self::of(right, then))
            }
            Projection::Array(Some(inner)) => Self::of(inner, &then.element().cloned().unwrap_or_default()),
            Projection::Object(entries) => entries.iter().fold(Self::default(), |all, (name, entry)| {
                all.and(&Self::of(entry, &then.member(name).cloned().unwrap_or_default()))
            }),
        }
    }

    fn under(self, name: &str) -> Self {
        Self { members: BTreeMap::from([(name.into(), self)]), ..Self::default() }
    }

    /// Both.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        if self.whole || other.whole {
            return Self::whole();
        }
        self.each = match (self.each.take(), &other.each) {
            (Some(ours), Some(theirs)) => Some(Box::new(ours.and(theirs))),
            (ours, theirs) => ours.or_else(|| theirs.clone()),
        };
        for (name, theirs) in &other.members {
            let ours = self.members.remove(name).unwrap_or_default();
            self.members.insert(name.clone(), ours.and(theirs));
        }
        // A member that is named is one of all members too.
        if let Some(each) = &self.each {
            self.members.values_mut().for_each(|member| *member = std::mem::take(member).and(each));
        }
        self
    }

    /// Whether all of it is read.
    pub(crate) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// What is read of the member of this name; nothing where it isn't read at all.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        if self.whole { Some(self) } else { self.members.get(name).or(self.each.as_deref()) }
    }

    /// What is read of elements; nothing where they aren't read at all.
    pub(crate) fn element(&self) -> Option<&Self> {
        if self.whole { Some(self) } else { self.each.as_deref() }
    }

    /// Whether anything of what stands at the end of a path is read.
    pub(crate) fn touches(&self, path: &[Box<str>]) -> bool {
        path.iter().try_fold(self, |demand, name| demand.member(name)).is_some()
    }
}

/// The path to the list whose elements become those of a member of the shaped object, one for one and in order; only
/// where nothing else of the object reads that list. Without its last elements the member is without its last elements.
pub(super) fn source(projection: &Projection, member: &str) -> Option<Vec<Box<str>>> {
    let Projection::Object(entries) = projection else { return None };
    let mut path = Vec::new();
    let (_, own) = entries.iter().rfind(|(name, _)| &**name == member)?;
    if !list(own, &mut path) || path.is_empty() {
        return None;
    }
    let others = entries.iter().filter(|(name, _)| &**name != member);
    let others = others.fold(Demand::default(), |all, (_, entry)| all.and(&Demand::of(entry, &Demand::whole())));
    (!others.touches(&path)).then_some(path)
}

/// Goes along the names to a list, then at most once over its elements, of which each gives one value.
fn list(projection: &Projection, path: &mut Vec<Box<str>>) -> bool {
    match projection {
        Projection::Field(name, _) => {
            path.push(name.clone());
            true
        }
        Projection::Pipe(left, right) => match &**right {
            Projection::Array(Some(inner)) => list(left, path) && over_each(inner, &mut Vec::new()),
            right => list(left, path) && list(right, path),
        },
        Projection::Array(Some(inner)) => over_each(inner, path),
        _ => false,
    }
}

/// `.a.b[]`, and perhaps something that is done with each element.
fn over_each(projection: &Projection, path: &mut Vec<Box<str>>) -> bool {
    match projection {
        Projection::Each(_) => true,
        Projection::Pipe(left, right) if over_each(left, path) => right.single(),
        Projection::Pipe(left, right) => {
            path.clear();
            list(left, path) && over_each(right, &mut Vec::new())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::shape::Shape;

    fn source(shape: &str) -> Option<String> {
        Shape::compile(shape).unwrap().source("list").map(|path| path.join("."))
    }

    #[test]
    fn the_list_behind_a_member_is_found() {
        for (shape, expected) in [
            ("{list: .items}", "items"),
            ("{list: .a.items, next: .a.next}", "a.items"),
            ("{list: [.items[] | {id, title}]}", "items"),
            ("{list: [.a.items[].id]}", "a.items"),
            ("{list: .items | map({id})}", "items"),
            ("{list: .a.items | map(.id)}", "a.items"),
        ] {
            assert_eq!(source(shape).as_deref(), Some(expected), "{shape}");
        }
    }

    #[test]
    fn no_list_is_found_where_its_end_means_more() {
        for shape in [
            ".",
            "{other: .items}",
            "{list: .items, last: .items[-1]}",
            "{list: .items, all: .}",
            "{list: [.items[][]]}",
            "{list: [.items[] | (.a, .b)]}",
            "{list: [.a, .b]}",
            "{list: (.items // .others)}",
            "{list: .[0]}",
            "{list: (.items | length)}",
        ] {
            assert_eq!(source(shape), None, "{shape}");
        }
    }
}
