//! The closed dialect: which filters a shape may call, and how a syntax tree is made to pay for what it makes.
//!
//! Not offered, whatever jaq brings: everything that reads the process or its surroundings (`env`, `$ENV`, `now`,
//! `input`, `inputs`, `debug`, `stderr`, `halt`, modules), definitions and labels (with them a loop needs no output
//! that could be counted), `repeat`, `while`, `until`, `recurse(f)` for the same reason, and filters whose cost is not
//! bounded by what goes in and comes out (`combinations`, `transpose`, `contains`, `indices`, `fromjson`).

use super::error::Error;
use super::meter::{LETTERS, MADE, STEP, TIMES};
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Part, Path};

/// The most parts of one path: each is a level of recursion.
const MAX_PATH: usize = 32;

/// Filters that may be called, with their number of arguments.
pub(super) const OFFERED: &[(&str, usize)] = &[
    ("@json", 0),
    ("@text", 0),
    ("abs", 0),
    ("add", 0),
    ("add", 1),
    ("all", 0),
    ("all", 1),
    ("all", 2),
    ("any", 0),
    ("any", 1),
    ("any", 2),
    ("arrays", 0),
    ("ascii_downcase", 0),
    ("ascii_upcase", 0),
    ("booleans", 0),
    ("ceil", 0),
    ("del", 1),
    ("empty", 0),
    ("endswith", 1),
    ("error", 0),
    ("error", 1),
    ("false", 0),
    ("first", 0),
    ("first", 1),
    ("flatten", 0),
    ("flatten", 1),
    ("floor", 0),
    ("from_entries", 0),
    ("getpath", 1),
    ("group_by", 1),
    ("has", 1),
    ("in", 1),
    ("isempty", 1),
    ("iterables", 0),
    ("join", 1),
    ("keys", 0),
    ("keys_unsorted", 0),
    ("last", 0),
    ("last", 1),
    ("length", 0),
    ("limit", 2),
    ("ltrimstr", 1),
    ("map", 1),
    ("map_values", 1),
    ("max", 0),
    ("max_by", 1),
    ("min", 0),
    ("min_by", 1),
    ("not", 0),
    ("nth", 1),
    ("null", 0),
    ("nulls", 0),
    ("numbers", 0),
    ("objects", 0),
    ("paths", 0),
    ("range", 1),
    ("range", 2),
    ("recurse", 0),
    ("reverse", 0),
    ("round", 0),
    ("rtrimstr", 1),
    ("scalars", 0),
    ("select", 1),
    ("skip", 2),
    ("sort", 0),
    ("sort_by", 1),
    ("split", 1),
    ("startswith", 1),
    ("strings", 0),
    ("to_entries", 0),
    ("tojson", 0),
    ("tostring", 0),
    ("trim", 0),
    ("true", 0),
    ("type", 0),
    ("unique", 0),
    ("unique_by", 1),
    ("utf8bytelength", 0),
    ("values", 0),
    ("walk", 1),
    ("with_entries", 1),
];

/// Whether a filter of this name and number of arguments is on the list.
pub(super) fn offered(name: &str, arity: usize) -> bool {
    OFFERED.contains(&(name, arity))
}

/// Refuses what is not on the list.
pub(super) fn check(term: &Term<&str>) -> Result<(), Error> {
    match term {
        Term::Def(..) => Err(Error::NotOffered("definitions (`def`)".to_owned())),
        Term::Label(..) | Term::Break(_) => Err(Error::NotOffered("`label` and `break`".to_owned())),
        Term::BinOp(_, BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt, _) => {
            Err(Error::NotOffered("arithmetic assignment; write `path |= . + x`".to_owned()))
        }
        Term::Call(name, arguments) if !offered(name, arguments.len()) => {
            Err(Error::NotOffered(format!("the filter `{name}/{}`", arguments.len())))
        }
        Term::Path(_, path) if path.0.len() > MAX_PATH => {
            Err(Error::TooLarge(format!("a path of {} parts, {MAX_PATH} at most", path.0.len())))
        }
        Term::Str(Some(format), _) if !offered(format, 0) => Err(Error::NotOffered(format!("the format `{format}`"))),
        Term::Var("$ENV") => Err(Error::NotOffered("`$ENV`".to_owned())),
        Term::BinOp(_, BinaryOp::Pipe(Some(pattern)), _) | Term::Fold(_, _, pattern, _) => {
            check_pattern(pattern)?;
            children(term).into_iter().try_for_each(check)
        }
        _ => children(term).into_iter().try_for_each(check),
    }
}

/// A pattern may hold terms as keys, which no meter could be put behind: only plain ones are let through.
fn check_pattern(pattern: &Pattern<&str>) -> Result<(), Error> {
    match pattern {
        Pattern::Var(_) => Ok(()),
        Pattern::Arr(items) => items.iter().try_for_each(check_pattern),
        Pattern::Obj(entries) => entries.iter().try_for_each(|(key, inner)| match key {
            Term::Var(_) => check_pattern(inner),
            Term::Str(None, parts) if !parts.iter().any(|part| matches!(part, StrPart::Term(_))) => {
                check_pattern(inner)
            }
            _ => Err(Error::NotOffered("computed keys in a pattern".to_owned())),
        }),
    }
}

fn children<'t, 's>(term: &'t Term<&'s str>) -> Vec<&'t Term<&'s str>> {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Arr(None) => Vec::new(),
        Term::Str(_, parts) => {
            parts.iter().filter_map(|part| if let StrPart::Term(term) = part { Some(term) } else { None }).collect()
        }
        Term::Arr(Some(inner)) | Term::Neg(inner) | Term::Label(_, inner) | Term::Def(_, inner) => vec![inner],
        Term::Obj(entries) => entries.iter().flat_map(|(key, value)| std::iter::once(key).chain(value)).collect(),
        Term::BinOp(left, _, right) => vec![left, right],
        Term::Fold(_, source, _, arguments) => std::iter::once(&**source).chain(arguments).collect(),
        Term::TryCatch(body, catch) => std::iter::once(&**body).chain(catch.as_deref()).collect(),
        Term::IfThenElse(branches, otherwise) => {
            branches.iter().flat_map(|(test, then)| [test, then]).chain(otherwise.as_deref()).collect()
        }
        Term::Call(_, arguments) => arguments.iter().collect(),
        Term::Path(head, path) => {
            std::iter::once(&**head).chain(path.0.iter().flat_map(|(part, _)| indices(part))).collect()
        }
    }
}

fn indices<T>(part: &Part<T>) -> Vec<&T> {
    match part {
        Part::Index(index) => vec![index],
        Part::Range(from, upto) => from.iter().chain(upto).collect(),
    }
}

/// Puts a meter behind every place where a checked term makes a value ([`MADE`]) or goes on to the next one ([`STEP`]),
/// one before every split ([`LETTERS`]), and a bounded multiplication ([`TIMES`]) in the place of jaq's, which repeats
/// strings and squares integers.
pub(super) fn metered(term: Term<&str>) -> Term<&str> {
    match term {
        Term::Recurse => pay(Term::Recurse, STEP),
        Term::Str(format, parts) if parts.iter().any(|part| matches!(part, StrPart::Term(_))) => {
            let parts = parts.into_iter().map(|part| match part {
                StrPart::Term(term) => StrPart::Term(metered(term)),
                other => other,
            });
            pay(Term::Str(format, parts.collect()), MADE)
        }
        Term::Arr(Some(inner)) => pay(Term::Arr(Some(boxed(*inner))), MADE),
        Term::Obj(entries) => {
            let entries = entries.into_iter().map(|(key, value)| (metered(key), value.map(metered)));
            pay(Term::Obj(entries.collect()), MADE)
        }
        Term::Neg(inner) => pay(Term::Neg(boxed(*inner)), MADE),
        Term::BinOp(left, operator, right) => metered_operation(metered(*left), operator, metered(*right)),
        Term::Fold(kind, source, pattern, arguments) => {
            let arguments = arguments.into_iter().map(metered).collect();
            pay(Term::Fold(kind, boxed(*source), pattern, arguments), STEP)
        }
        Term::TryCatch(body, catch) => {
            let caught = catch.is_some();
            let whole = Term::TryCatch(boxed(*body), catch.map(|catch| boxed(*catch)));
            if caught { pay(whole, MADE) } else { whole }
        }
        Term::IfThenElse(branches, otherwise) => {
            let branches = branches.into_iter().map(|(test, then)| (metered(test), metered(then)));
            Term::IfThenElse(branches.collect(), otherwise.map(|otherwise| boxed(*otherwise)))
        }
        Term::Call("split", arguments) => {
            let split = Term::Call("split", arguments.into_iter().map(metered).collect());
            let paid = Term::BinOp(Box::new(pay(Term::Id, LETTERS)), BinaryOp::Pipe(None), Box::new(split));
            pay(paid, MADE)
        }
        Term::Call(name, arguments) => pay(Term::Call(name, arguments.into_iter().map(metered).collect()), MADE),
        Term::Path(head, path) => metered_path(metered(*head), path),
        other => other,
    }
}

fn metered_operation<'s>(left: Term<&'s str>, operator: BinaryOp<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    match operator {
        // jq runs the right side first; as arguments, the first runs first.
        BinaryOp::Math(Math::Mul) => pay(Term::Call(TIMES, vec![right, left]), MADE),
        // Of two texts it is a split.
        BinaryOp::Math(Math::Div) => pay(Term::BinOp(Box::new(pay(left, LETTERS)), operator, Box::new(right)), MADE),
        BinaryOp::Math(_) | BinaryOp::Assign | BinaryOp::Update => {
            pay(Term::BinOp(Box::new(left), operator, Box::new(right)), MADE)
        }
        BinaryOp::Comma => pay(Term::BinOp(Box::new(left), operator, Box::new(right)), STEP),
        _ => Term::BinOp(Box::new(left), operator, Box::new(right)),
    }
}

fn metered_path<'s>(head: Term<&'s str>, path: Path<Term<&'s str>>) -> Term<&'s str> {
    let parts = path.0.into_iter().map(|(part, opt)| {
        let part = match part {
            Part::Index(index) => Part::Index(metered(index)),
            Part::Range(from, upto) => Part::Range(from.map(metered), upto.map(metered)),
        };
        (part, opt)
    });
    let parts: Vec<_> = parts.collect();
    let steps = parts.iter().any(|(part, _)| matches!(part, Part::Range(..)));
    let whole = Term::Path(Box::new(head), Path(parts));
    if steps { pay(whole, STEP) } else { whole }
}

fn boxed(term: Term<&str>) -> Box<Term<&str>> {
    Box::new(metered(term))
}

fn pay<'s>(term: Term<&'s str>, how: &'static str) -> Term<&'s str> {
    Term::BinOp(Box::new(term), BinaryOp::Pipe(None), Box::new(Term::Call(how, Vec::new())))
}
