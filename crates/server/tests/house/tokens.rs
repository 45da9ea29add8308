//! Paths in what isn't parsed: the insides of macros, and strings that serde reads as paths.

use crate::module::{How, Mention, plain};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use std::collections::BTreeSet;

/// Every path in a macro's inside, at any depth.
pub(crate) fn mentions(tokens: TokenStream) -> Vec<Mention> {
    let mut found = Vec::new();
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < trees.len() {
        match &trees[at] {
            TokenTree::Group(group) => {
                found.extend(mentions(group.stream()));
                at += 1;
            }
            TokenTree::Ident(first) => {
                let (path, next) = path_from(&trees, at);
                found.extend(one(&trees, at, next, path, first.span()));
                at = next;
            }
            _ => at += 1,
        }
    }
    found
}

/// The names that `::` joins from here on, and where they end.
fn path_from(trees: &[TokenTree], start: usize) -> (Vec<String>, usize) {
    let (mut path, mut at) = (Vec::new(), start);
    while let Some(TokenTree::Ident(name)) = trees.get(at) {
        path.push(plain(name));
        at += 1;
        if !(is(trees, at, ':') && is(trees, at + 1, ':')) {
            break;
        }
        at += 2;
    }
    (path, at)
}

/// What a run of names is, by what stands before and after it.
fn one(trees: &[TokenTree], start: usize, next: usize, path: Vec<String>, span: Span) -> Option<Mention> {
    let before = |sign| start > 0 && is(trees, start - 1, sign);
    let line = span.start().line;
    let opens = |delimiter| match trees.get(next) {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group),
        _ => None,
    };
    if before('.') && !(start > 1 && is(trees, start - 2, '.')) {
        let how = opens(Delimiter::Parenthesis).map_or(How::Field, |arguments| {
            let arguments = usize::from(!arguments.stream().is_empty());
            How::Method { arguments }
        });
        return Some(Mention { path: path.into_iter().take(1).collect(), how, line });
    }
    // A macro's own variable, a lifetime, or the rest of a path whose front is something else.
    let rest = before(':') && start > 1 && is(trees, start - 2, ':');
    if rest || before('\'') || before('$') && path[0] != "crate" {
        return None;
    }
    let called = opens(Delimiter::Parenthesis).is_some();
    let how = if is(trees, next, '!') && !is(trees, next + 1, '=') {
        How::Macro
    } else if opens(Delimiter::Brace).is_some() {
        How::Literal
    } else {
        How::Path
    };
    let small = path.len() == 1 && !path[0].starts_with(char::is_uppercase);
    // A lone small name is a variable unless it is called.
    (how == How::Macro || !small || called).then_some(Mention { path, how, line })
}

fn is(trees: &[TokenTree], at: usize, sign: char) -> bool {
    matches!(trees.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

/// The strings among these tokens that are paths.
pub(crate) fn paths_in_strings(tokens: TokenStream) -> Vec<Mention> {
    let mut found = Vec::new();
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => found.extend(paths_in_strings(group.stream())),
            TokenTree::Literal(literal) => {
                let text: Option<syn::LitStr> = syn::parse_str(&literal.to_string()).ok();
                let path: Option<syn::Path> = text.and_then(|text| text.parse().ok());
                let names = path.map(|path| path.segments.iter().map(|segment| plain(&segment.ident)).collect());
                let line = literal.span().start().line;
                found.extend(names.map(|path| Mention { path, how: How::Path, line }));
            }
            _ => {}
        }
    }
    found
}

/// Every name among these tokens.
pub(crate) fn names(tokens: TokenStream, found: &mut BTreeSet<String>) {
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => names(group.stream(), found),
            TokenTree::Ident(name) => {
                found.insert(plain(&name));
            }
            _ => {}
        }
    }
}
