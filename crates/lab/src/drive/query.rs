//! The language of searches: <https://developers.google.com/workspace/drive/api/guides/ref-search-terms>.

use crate::api::error::ApiError;
use crate::cite;
use crate::drive_files::DriveFile;
use valetkey_domain::Timestamp;

/// How deep brackets and `not` may nest.
const MAX_DEPTH: usize = 20;

/// What a query wants.
#[derive(Debug)]
pub(super) enum Wanted {
    All,
    Both(Box<Wanted>, Box<Wanted>),
    Either(Box<Wanted>, Box<Wanted>),
    Not(Box<Wanted>),
    Term { field: String, operator: String, value: Given },
    Within { value: String, list: String },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    Text(String),
    Truth(bool),
}

/// Reads a query.
///
/// # Errors
/// Google says of all that it does not understand only that the value is invalid.
pub(super) fn read(text: &str) -> Result<Wanted, ApiError> {
    if text.trim().is_empty() {
        return Ok(Wanted::All);
    }
    let mut reader = Reader { tokens: tokens(text).ok_or_else(invalid)?, at: 0 };
    let wanted = reader.either(0).filter(|_| reader.at == reader.tokens.len());
    wanted.filter(Wanted::is_known).ok_or_else(invalid)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
}

/// Words, operators, brackets, and texts in quotes, in which a backslash takes the next character as it is.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        if next.is_whitespace() {
            continue;
        }
        if next == '\'' {
            let mut quoted = String::new();
            loop {
                match rest.next()? {
                    '\'' => break,
                    '\\' => quoted.push(rest.next()?),
                    other => quoted.push(other),
                }
            }
            tokens.push(Token::Text(quoted));
            continue;
        }
        let mut word = String::from(next);
        let alike = |one: char, other: char| {
            let kind = |c: char| (c.is_alphanumeric() || c == '_', "=!<>".contains(c));
            kind(one) == kind(other) && kind(one) != (false, false)
        };
        while let Some(more) = rest.next_if(|more| alike(next, *more)) {
            word.push(more);
        }
        tokens.push(Token::Word(word));
    }
    Some(tokens)
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn word(&mut self, wanted: &str) -> bool {
        let there = self.tokens.get(self.at) == Some(&Token::Word(wanted.to_owned()));
        self.at += usize::from(there);
        there
    }

    fn taken(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn either(&mut self, depth: usize) -> Option<Wanted> {
        let mut wanted = self.both(depth)?;
        while self.word("or") {
            wanted = Wanted::Either(Box::new(wanted), Box::new(self.both(depth)?));
        }
        Some(wanted)
    }

    fn both(&mut self, depth: usize) -> Option<Wanted> {
        let mut wanted = self.one(depth)?;
        while self.word("and") {
            wanted = Wanted::Both(Box::new(wanted), Box::new(self.one(depth)?));
        }
        Some(wanted)
    }

    fn one(&mut self, depth: usize) -> Option<Wanted> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.word("not") {
            return Some(Wanted::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.word("(") {
            let inner = self.either(depth + 1)?;
            return self.word(")").then_some(inner);
        }
        match self.taken()? {
            Token::Text(value) => {
                let list = self.word("in").then(|| self.taken())??;
                if let Token::Word(list) = list { Some(Wanted::Within { value, list }) } else { None }
            }
            // A truth value alone is asked for by its name.
            Token::Word(field)
                if field == "sharedWithMe" && self.tokens.get(self.at) != Some(&Token::Word("=".into())) =>
            {
                Some(Wanted::Term { field, operator: "=".into(), value: Given::Truth(true) })
            }
            Token::Word(field) => {
                let Token::Word(operator) = self.taken()? else { return None };
                let value = match self.taken()? {
                    Token::Text(text) => Given::Text(text),
                    Token::Word(word) => Given::Truth(word.parse().ok()?),
                };
                Some(Wanted::Term { field, operator, value })
            }
        }
    }
}

impl Wanted {
    /// Whether all fields, operators and values are such as the lab plays.
    fn is_known(&self) -> bool {
        match self {
            Self::All => true,
            Self::Both(one, other) | Self::Either(one, other) => one.is_known() && other.is_known(),
            Self::Not(inner) => inner.is_known(),
            Self::Within { list, .. } => ["parents", "owners", "writers", "readers"].contains(&list.as_str()),
            Self::Term { field, operator, value } => match (field.as_str(), value) {
                ("name" | "mimeType", Given::Text(_)) => ["=", "!=", "contains"].contains(&operator.as_str()),
                ("fullText", Given::Text(_)) => operator == "contains",
                ("modifiedTime" | "createdTime", Given::Text(time)) => {
                    ["<", "<=", "=", "!=", ">", ">="].contains(&operator.as_str()) && moment(time).is_some()
                }
                ("trashed" | "starred" | "sharedWithMe", Given::Truth(_)) => ["=", "!="].contains(&operator.as_str()),
                _ => false,
            },
        }
    }

    /// Whether a file is wanted by somebody.
    pub(super) fn fits(&self, file: &DriveFile, email: &str) -> bool {
        match self {
            Self::All => true,
            Self::Both(one, other) => one.fits(file, email) && other.fits(file, email),
            Self::Either(one, other) => one.fits(file, email) || other.fits(file, email),
            Self::Not(inner) => !inner.fits(file, email),
            Self::Within { value, list } => within(file, value, list, email),
            Self::Term { field, operator, value: Given::Truth(wanted) } => {
                let is = match field.as_str() {
                    "trashed" => file.trashed,
                    "starred" => file.starred_by.contains(email),
                    _ => !file.owner.eq_ignore_ascii_case(email),
                };
                (is == *wanted) == (operator == "=")
            }
            Self::Term { field, operator, value: Given::Text(text) } => said(file, field, operator, text),
        }
    }
}

fn within(file: &DriveFile, value: &str, list: &str, email: &str) -> bool {
    let who = if value == "me" { email } else { value };
    let rule = |least: &[&str]| {
        let fits = |rule: &serde_json::Map<String, serde_json::Value>| {
            let text = |name: &str| rule.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
            text("emailAddress").eq_ignore_ascii_case(who) && least.contains(&text("role"))
        };
        file.owner.eq_ignore_ascii_case(who) || file.permissions.values().any(fits)
    };
    match list {
        "parents" => file.parent == super::find::meant(email, value),
        "owners" => file.owner.eq_ignore_ascii_case(who),
        "writers" => rule(&["writer"]),
        _ => rule(&["writer", "commenter", "reader"]),
    }
}

fn said(file: &DriveFile, field: &str, operator: &str, text: &str) -> bool {
    if let Some(wanted) = moment(text).filter(|_| field.ends_with("Time")) {
        let is = if field == "createdTime" { file.created } else { file.modified };
        return match operator {
            "<" => is < wanted,
            "<=" => is <= wanted,
            ">" => is > wanted,
            ">=" => is >= wanted,
            "=" => is == wanted,
            _ => is != wanted,
        };
    }
    let wanted = text.to_lowercase();
    let name = file.text(if field == "mimeType" { "mimeType" } else { "name" }).to_lowercase();
    match (field, operator) {
        ("fullText", _) => {
            let content = std::str::from_utf8(&file.content).unwrap_or_default();
            let all = format!("{name} {} {content}", file.text("description")).to_lowercase();
            match wanted.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
                Some(phrase) => all.contains(phrase),
                None => wanted.split_whitespace().all(|word| all.contains(word)),
            }
        }
        // Of names it is the beginnings of words that are looked at.
        (_, "contains") => name.starts_with(&wanted) || name.contains(&format!(" {wanted}")),
        (_, "=") => name == wanted,
        _ => name != wanted,
    }
}

/// An RFC 3339 time; without an offset it is UTC.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

fn invalid() -> ApiError {
    ApiError::calendar("invalid", "Invalid Value", cite::DRIVE_SEARCH).at("q")
}
