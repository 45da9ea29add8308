//! Whether a message fits a query. Gmail finds whole words, whatever their case, never parts of words.

use super::mime;
use crate::state::Mail;
use jiff::Timestamp;
use mail_parser::{Address, Message};

/// A query as a tree.
#[derive(Debug)]
pub(crate) enum Expr {
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Is(Term),
}

/// One condition. Words must stand next to each other.
#[derive(Debug)]
pub(crate) enum Term {
    Words(Vec<String>),
    From(Vec<String>),
    To(Vec<String>),
    Cc(Vec<String>),
    Bcc(Vec<String>),
    Subject(Vec<String>),
    FileName(String),
    MessageId(String),
    Label(String),
    Larger(usize),
    Smaller(usize),
    Since(Timestamp),
    Before(Timestamp),
    HasAttachment,
    Anywhere,
}

impl Expr {
    pub(crate) fn fits(&self, mail: &Mail) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.fits(mail)),
            Self::Any(any) => any.iter().any(|one| one.fits(mail)),
            Self::Not(not) => !not.fits(mail),
            Self::Is(term) => term.fits(mail),
        }
    }

    pub(crate) fn reaches_hidden(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::reaches_hidden),
            Self::Not(_) => false,
            Self::Is(Term::Anywhere) => true,
            Self::Is(Term::Label(label)) => matches!(label.as_str(), "SPAM" | "TRASH"),
            Self::Is(_) => false,
        }
    }
}

impl Term {
    fn fits(&self, mail: &Mail) -> bool {
        match self {
            Self::Label(label) => mail.labels.contains(label),
            Self::Larger(size) => mail.raw.len() > *size,
            Self::Smaller(size) => mail.raw.len() < *size,
            Self::Since(then) => mail.at >= *then,
            Self::Before(then) => mail.at < *then,
            Self::Anywhere => true,
            _ => self.fits_text(&mime::parse(&mail.raw)),
        }
    }

    fn fits_text(&self, message: &Message<'_>) -> bool {
        let holds = |text: &str, wanted: &[String]| in_order(&words(text), wanted);
        match self {
            Self::From(wanted) => holds(&people(message.from()), wanted),
            Self::To(wanted) => holds(&people(message.to()), wanted),
            Self::Cc(wanted) => holds(&people(message.cc()), wanted),
            Self::Bcc(wanted) => holds(&people(message.bcc()), wanted),
            Self::Subject(wanted) => holds(message.subject().unwrap_or_default(), wanted),
            Self::FileName(wanted) => mime::file_names(message).iter().any(|name| name.to_lowercase().contains(wanted)),
            Self::MessageId(wanted) => message.message_id() == Some(wanted),
            Self::HasAttachment => mime::has_attachment(message),
            Self::Words(wanted) => in_order(&words(&everything(message)), wanted),
            _ => false,
        }
    }
}

/// The words of a text in lower case.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn in_order(text: &[String], wanted: &[String]) -> bool {
    wanted.is_empty() || text.windows(wanted.len()).any(|window| window == wanted)
}

fn people(address: Option<&Address<'_>>) -> String {
    let shown = |one: &mail_parser::Addr<'_>| {
        format!("{} {} ", one.name.as_deref().unwrap_or_default(), one.address.as_deref().unwrap_or_default())
    };
    address.map(|address| address.iter().map(shown).collect()).unwrap_or_default()
}

fn everything(message: &Message<'_>) -> String {
    let mut text = message.subject().unwrap_or_default().to_owned();
    for part in [people(message.from()), people(message.to()), people(message.cc())] {
        text.push(' ');
        text.push_str(&part);
    }
    for index in 0..message.text_body_count() {
        text.push(' ');
        text.push_str(&message.body_text(index).unwrap_or_default());
    }
    text
}
