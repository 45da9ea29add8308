//! Projections: selections, objects and arrays, in code of ours.
//!
//! They mean exactly what jaq means by the same text (a property test holds the two together), at a hundredth of the
//! cost: nothing is converted, and only what is kept is copied. What is copied is counted, because `[., .] | [., .] | ..`
//! doubles with every step.

use super::bounds::{MAX_DEPTH, MAX_GIVEN, TOO_MUCH};
use super::error::Error;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::{Opt, Part, Path};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// One projection.
#[derive(Debug)]
pub(super) enum Projection {
    /// `.`
    Whole,
    /// `.name`, or the same with `?`
    Field(Box<str>, bool),
    /// `.[3]`, `.[-1]`
    Item(i64, bool),
    /// `.[]`
    Each(bool),
    /// A text, a whole number, a truth value or null.
    Constant(Value),
    /// `a | b`
    Pipe(Box<Projection>, Box<Projection>),
    /// `a, b`
    Both(Box<Projection>, Box<Projection>),
    /// `a // b`, where `a` gives one value at most
    Else(Box<Projection>, Box<Projection>),
    /// `[a]`
    Array(Option<Box<Projection>>),
    /// `{k: a}`, where each `a` gives one value at most
    Object(Vec<(Box<str>, Projection)>),
}

/// Where a projection's values go.
type Sink<'k, 'v> = dyn FnMut(Cow<'v, Value>, &mut Copier) -> Result<(), Error> + 'k;

impl Projection {
    /// The projection that a term is, if it is one.
    pub(super) fn of(term: &Term<&str>) -> Option<Self> {
        Some(match term {
            Term::Id => Self::Whole,
            Term::Num(digits) => Self::Constant(digits.parse::<i64>().ok()?.into()),
            Term::Str(None, parts) => Self::Constant(literal(parts)?.into()),
            Term::Arr(inner) => Self::Array(match inner {
                Some(inner) => Some(Box::new(Self::of(inner)?)),
                None => None,
            }),
            Term::Obj(entries) => Self::Object(entries.iter().map(entry).collect::<Option<_>>()?),
            Term::Path(head, path) => Self::path(Self::of(head)?, path)?,
            Term::BinOp(left, operator, right) => Self::operation(Self::of(left)?, operator, Self::of(right)?)?,
            Term::Call(name, arguments) => Self::call(name, arguments)?,
            _ => return None,
        })
    }

    fn operation(left: Self, operator: &BinaryOp<&str>, right: Self) -> Option<Self> {
        match operator {
            BinaryOp::Pipe(None) => Some(Self::Pipe(Box::new(left), Box::new(right))),
            BinaryOp::Comma => Some(Self::Both(Box::new(left), Box::new(right))),
            BinaryOp::Alt if left.single() => Some(Self::Else(Box::new(left), Box::new(right))),
            _ => None,
        }
    }

    fn call(name: &str, arguments: &[Term<&str>]) -> Option<Self> {
        match (name, arguments) {
            ("null", []) => Some(Self::Constant(Value::Null)),
            ("true", []) => Some(Self::Constant(true.into())),
            ("false", []) => Some(Self::Constant(false.into())),
            ("map", [inner]) => {
                let each = Self::Pipe(Box::new(Self::Each(false)), Box::new(Self::of(inner)?));
                Some(Self::Array(Some(Box::new(each))))
            }
            _ => None,
        }
    }

    fn path(head: Self, path: &Path<Term<&str>>) -> Option<Self> {
        path.0.iter().try_fold(head, |head, (part, opt)| {
            let optional = matches!(opt, Opt::Optional);
            let next = match part {
                Part::Range(None, None) => Self::Each(optional),
                Part::Index(Term::Str(None, parts)) => Self::Field(literal(parts)?.into(), optional),
                Part::Index(Term::Num(digits)) => Self::Item(digits.parse().ok()?, optional),
                Part::Index(Term::Neg(inner)) => match &**inner {
                    Term::Num(digits) => Self::Item(-digits.parse::<i64>().ok()?, optional),
                    _ => return None,
                },
                _ => return None,
            };
            Some(if matches!(head, Self::Whole) { next } else { Self::Pipe(Box::new(head), Box::new(next)) })
        })
    }

    /// Whether it gives one value at most, whatever goes in.
    pub(super) fn single(&self) -> bool {
        match self {
            Self::Each(_) | Self::Both(..) => false,
            Self::Pipe(left, right) | Self::Else(left, right) => left.single() && right.single(),
            _ => true,
        }
    }

    /// Applies it.
    pub(super) fn apply(&self, value: &Value, allowance: usize) -> Result<Value, Error> {
        let mut kept = None;
        let mut copier = Copier { left: allowance, given: MAX_GIVEN };
        self.run(Cow::Borrowed(value), &mut copier, &mut |output, copier| match kept {
            None => {
                kept = Some(copier.own(output)?);
                Ok(())
            }
            Some(_) => Err(Error::Several),
        })?;
        Ok(kept.unwrap_or(Value::Null))
    }

    fn run<'v>(&self, value: Cow<'v, Value>, copier: &mut Copier, sink: &mut Sink<'_, 'v>) -> Result<(), Error> {
        copier.pay(1)?;
        match self {
            Self::Whole => sink(value, copier),
            Self::Field(name, optional) => selected(field(value, name), *optional, copier, sink),
            Self::Item(index, optional) => selected(item(value, *index), *optional, copier, sink),
            Self::Each(optional) => each(value, *optional, copier, sink),
            Self::Constant(constant) => sink(Cow::Owned(constant.clone()), copier),
            Self::Pipe(left, right) => {
                left.run(value, copier, &mut |middle, copier| right.run(middle, copier, &mut *sink))
            }
            Self::Both(left, right) => {
                left.run(copier.twin(&value)?, copier, &mut *sink)?;
                right.run(value, copier, sink)
            }
            Self::Else(left, right) => {
                let mut found = None;
                left.run(copier.twin(&value)?, copier, &mut |output, _| {
                    found = Some(output);
                    Ok(())
                })?;
                match found {
                    Some(output) if !matches!(*output, Value::Null | Value::Bool(false)) => sink(output, copier),
                    _ => right.run(value, copier, sink),
                }
            }
            Self::Array(inner) => {
                let items = inner.as_ref().map_or_else(|| Ok(Vec::new()), |inner| inner.items(value, copier))?;
                sink(Cow::Owned(Value::Array(items)), copier)
            }
            Self::Object(entries) => match object(entries, &value, copier)? {
                Some(object) => sink(Cow::Owned(object), copier),
                None => Ok(()),
            },
        }
    }

    fn items(&self, value: Cow<'_, Value>, copier: &mut Copier) -> Result<Vec<Value>, Error> {
        let mut items = Vec::new();
        self.run(value, copier, &mut |output, copier| {
            items.push(copier.own(output)?);
            Ok(())
        })?;
        Ok(items)
    }
}

/// An object, or nothing where one of its members is nothing, even if another one fails: jaq has it so.
fn object(entries: &[(Box<str>, Projection)], value: &Value, copier: &mut Copier) -> Result<Option<Value>, Error> {
    let mut members = Map::with_capacity(entries.len());
    let mut failed = None;
    for (name, projection) in entries {
        match projection.items(Cow::Borrowed(value), copier).map(|mut items| items.pop()) {
            Ok(Some(member)) => drop(members.insert(name.to_string(), member)),
            Ok(None) => return Ok(None),
            Err(stopped @ Error::Stopped(_)) => return Err(stopped),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(Some(Value::Object(members))), Err)
}

fn entry((key, value): &(Term<&str>, Option<Term<&str>>)) -> Option<(Box<str>, Projection)> {
    let Term::Str(None, parts) = key else { return None };
    let name: Box<str> = literal(parts)?.into();
    let projection = match value {
        Some(term) => Projection::of(term)?,
        None => Projection::Field(name.clone(), false),
    };
    projection.single().then_some((name, projection))
}

fn literal(parts: &[StrPart<&str, Term<&str>>]) -> Option<String> {
    let mut text = String::new();
    for part in parts {
        match part {
            StrPart::Str(piece) => text.push_str(piece),
            StrPart::Char(c) => text.push(*c),
            StrPart::Term(_) => return None,
        }
    }
    Some(text)
}

type Selected<'v> = Result<Cow<'v, Value>, Error>;

fn selected<'v>(
    found: Selected<'v>,
    optional: bool,
    copier: &mut Copier,
    sink: &mut Sink<'_, 'v>,
) -> Result<(), Error> {
    match found {
        Ok(value) => sink(value, copier),
        Err(_) if optional => Ok(()),
        Err(error) => Err(error),
    }
}

fn field<'v>(value: Cow<'v, Value>, name: &str) -> Selected<'v> {
    let found = match value {
        Cow::Borrowed(Value::Object(members)) => members.get(name).map(Cow::Borrowed),
        Cow::Owned(Value::Object(mut members)) => members.get_mut(name).map(|member| Cow::Owned(member.take())),
        other if other.is_null() => None,
        other => return Err(Error::Unfit(format!("`.{name}` of {}, which is no object", kind(&other)))),
    };
    Ok(found.unwrap_or(Cow::Owned(Value::Null)))
}

fn item<'v>(value: Cow<'v, Value>, index: i64) -> Selected<'v> {
    let found = match value {
        Cow::Borrowed(Value::Array(items)) => {
            position(index, items.len()).and_then(|at| items.get(at)).map(Cow::Borrowed)
        }
        Cow::Owned(Value::Array(mut items)) => {
            position(index, items.len()).and_then(|at| items.get_mut(at)).map(|item| Cow::Owned(item.take()))
        }
        // An object has no whole number as a key, but jaq looks for one.
        other if other.is_null() || other.is_object() => None,
        other => return Err(Error::Unfit(format!("`.[{index}]` of {}, which is no array", kind(&other)))),
    };
    Ok(found.unwrap_or(Cow::Owned(Value::Null)))
}

fn position(index: i64, length: usize) -> Option<usize> {
    let from_end = usize::try_from(index.unsigned_abs()).ok()?;
    if index < 0 { length.checked_sub(from_end) } else { Some(from_end) }
}

fn each<'v>(value: Cow<'v, Value>, optional: bool, copier: &mut Copier, sink: &mut Sink<'_, 'v>) -> Result<(), Error> {
    match value {
        Cow::Borrowed(Value::Array(items)) => items.iter().try_for_each(|item| sink(Cow::Borrowed(item), copier)),
        Cow::Owned(Value::Array(items)) => items.into_iter().try_for_each(|item| sink(Cow::Owned(item), copier)),
        Cow::Borrowed(Value::Object(members)) => {
            members.values().try_for_each(|item| sink(Cow::Borrowed(item), copier))
        }
        Cow::Owned(Value::Object(members)) => {
            members.into_iter().try_for_each(|(_, item)| sink(Cow::Owned(item), copier))
        }
        _ if optional => Ok(()),
        other => Err(Error::Unfit(format!("`.[]` of {}, which is no array or object", kind(&other)))),
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

const TOO_DEEP: Error = Error::Stopped("it makes a value that nests too deep");

/// Copies values and counts what it copies.
struct Copier {
    /// What is left of the run's allowance.
    left: usize,
    /// What more may be copied.
    given: usize,
}

impl Copier {
    fn pay(&mut self, units: usize) -> Result<(), Error> {
        self.left = self.left.checked_sub(units).ok_or(Error::Stopped(TOO_MUCH))?;
        Ok(())
    }

    fn give(&mut self, units: usize) -> Result<(), Error> {
        self.given = self.given.checked_sub(units).ok_or(Error::Stopped(TOO_MUCH))?;
        self.pay(units)
    }

    fn own(&mut self, value: Cow<'_, Value>) -> Result<Value, Error> {
        match value {
            Cow::Owned(value) => {
                self.check(&value, MAX_DEPTH)?;
                Ok(value)
            }
            Cow::Borrowed(value) => self.copy(value, MAX_DEPTH),
        }
    }

    /// The same value once more; a borrowed one costs nothing.
    fn twin<'v>(&mut self, value: &Cow<'v, Value>) -> Result<Cow<'v, Value>, Error> {
        match value {
            Cow::Borrowed(value) => Ok(Cow::Borrowed(value)),
            Cow::Owned(value) => self.copy(value, MAX_DEPTH).map(Cow::Owned),
        }
    }

    fn check(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        self.pay(1)?;
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.check(item, depth)),
            Value::Object(members) => members.values().try_for_each(|item| self.check(item, depth)),
            _ => Ok(()),
        }
    }

    fn copy(&mut self, value: &Value, depth: usize) -> Result<Value, Error> {
        let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        self.give(1)?;
        Ok(match value {
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.copy(item, depth)).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let members = members.iter().map(|(key, item)| Ok((key.clone(), self.copy(item, depth)?)));
                Value::Object(members.collect::<Result<_, Error>>()?)
            }
            Value::String(text) => {
                self.give(text.len() / 64)?;
                Value::String(text.clone())
            }
            other => other.clone(),
        })
    }
}
