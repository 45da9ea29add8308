//! From text to jaq's syntax tree, with bounds that keep its recursive parser and everything after it off the end of
//! the stack.

use super::error::Error;
use jaq_core::load::lex::{StrPart, Tok, Token};
use jaq_core::load::{Lexer, Parser, parse::Term, span};

/// The longest shape, in bytes.
const MAX_BYTES: usize = 4096;
/// The deepest nesting of brackets.
const MAX_DEPTH: usize = 32;
/// The most operators and keywords; each may cost the parser one level of recursion.
const MAX_OPERATORS: usize = 128;

/// Parses a shape.
pub(super) fn parse(text: &str) -> Result<Term<&str>, Error> {
    if text.len() > MAX_BYTES {
        return Err(Error::TooLarge(format!("{} bytes, {MAX_BYTES} at most", text.len())));
    }
    check_depth(text)?;
    let tokens = Lexer::new(text).lex().map_err(|errors| lex_error(text, &errors))?;
    let operators = count(&tokens, false);
    if operators > MAX_OPERATORS {
        return Err(Error::TooLarge(format!("{operators} operators, {MAX_OPERATORS} at most")));
    }
    Parser::new(&tokens).parse(|p| p.term()).map_err(|errors| parse_error(text, &errors))
}

/// The lexer recurses on brackets, so they are counted before it runs. Brackets inside strings count too: a shape that
/// fails for it is stranger than the rule.
fn check_depth(text: &str) -> Result<(), Error> {
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Error::TooLarge(format!("brackets nested more than {MAX_DEPTH} deep")));
        }
    }
    Ok(())
}

/// Operators and keywords in a token tree. Commas between an object's members cost nothing.
fn count(tokens: &[Token<&str>], in_object: bool) -> usize {
    tokens
        .iter()
        .map(|Token(text, token)| match token {
            Tok::Block(inner) => count(inner, text.starts_with('{')),
            Tok::Str(parts) => parts
                .iter()
                .map(
                    |part| {
                        if let StrPart::Term(term) = part { 1 + count(std::slice::from_ref(term), false) } else { 0 }
                    },
                )
                .sum(),
            Tok::Sym => {
                usize::from(!(text.starts_with(['.', ':', '?', ';', ')', ']', '}']) || (in_object && *text == ",")))
            }
            Tok::Word => usize::from(matches!(
                *text,
                "def" | "if" | "elif" | "try" | "catch" | "label" | "reduce" | "foreach" | "as" | "and" | "or"
            )),
            Tok::Var | Tok::Fmt | Tok::Num => 0,
        })
        .sum()
}

fn lex_error(text: &str, errors: &[jaq_core::load::lex::Error<&str>]) -> Error {
    let (what, at) = errors.first().map_or(("something else", ""), |(expected, at)| (expected.as_str(), *at));
    Error::Syntax(format!("expected {what} {}", place(text, at)))
}

fn parse_error(text: &str, errors: &[jaq_core::load::parse::TError<'_, &str>]) -> Error {
    let (what, at) = errors
        .first()
        .map_or(("something else", ""), |(expected, at)| (expected.as_str(), at.map_or("", |Token(found, _)| *found)));
    Error::Syntax(format!("expected {what} {}", place(text, at)))
}

/// Where in the text a piece of it lies, for people.
fn place(text: &str, at: &str) -> String {
    let inside = text.as_bytes().as_ptr_range().contains(&at.as_ptr());
    if at.is_empty() || !inside {
        return "at the end".to_owned();
    }
    let near: String = at.chars().take(20).collect();
    format!("at byte {}, near `{near}`", span(text, at).start)
}
