//! Address lists as people and models write them: `Ana <ana@example.com>, "Doe, John" <john@example.com>`.
//!
//! RFC 5322's mailbox-list without its obsolete forms, with names in any script. Groups, routes and comments are
//! refused rather than guessed at: a message that goes to the wrong person cannot be called back.

use super::work::Work;
use crate::Failure;
use email_address::EmailAddress;
use mail_builder::headers::address::Address;

/// One receiver or sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mailbox {
    pub(super) name: Option<String>,
    /// `local@domain`, the domain in ASCII.
    pub(super) address: String,
}

/// The most mailboxes in one argument; Gmail takes 500 receivers a message.
const MAX_MAILBOXES: usize = 500;

/// The longest part of a domain between dots, in characters (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;

/// Reads an argument that holds a list of mailboxes. An empty list is an empty `Vec`.
pub(super) fn parse_list(argument: &str, text: &str, work: &Work) -> Result<Vec<Mailbox>, Failure> {
    work.spend(text.len())?;
    let wrong = |why: String| Failure::invalid(format!("`{argument}` {why}"));
    check_header_text(argument, text)?;
    let pieces = split(text).map_err(|why| wrong(why.to_owned()))?;
    if pieces.len() > MAX_MAILBOXES {
        return Err(wrong(format!("names {} addresses, {MAX_MAILBOXES} at most", pieces.len())));
    }
    pieces
        .into_iter()
        .map(|piece| mailbox(piece).map_err(|why| wrong(format!("has `{}`: {why}", short(piece)))))
        .collect()
}

/// Refuses what could end a header line and begin another one (CR, LF) or end a text (NUL).
pub(super) fn check_header_text(argument: &str, text: &str) -> Result<(), Failure> {
    if text.contains(['\r', '\n', '\0']) {
        return Err(Failure::invalid(format!(
            "`{argument}` must be one line: it holds a line break or a NUL character"
        )));
    }
    Ok(())
}

/// For composing.
pub(super) fn to_header(mailboxes: &[Mailbox]) -> Address<'_> {
    Address::new_list(
        mailboxes
            .iter()
            .map(|mailbox| Address::new_address(mailbox.name.as_deref(), mailbox.address.as_str()))
            .collect(),
    )
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Splits at the commas that stand outside quotes and angle brackets. Empty pieces (a trailing comma) are left out.
fn split(text: &str) -> Result<Vec<&str>, &'static str> {
    let (mut pieces, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped, mut angle) = (false, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => angle = true,
            '>' if !quoted => angle = false,
            ',' if !quoted && !angle => {
                pieces.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            ';' if !quoted => return Err("holds a `;`: separate addresses with commas"),
            _ => {}
        }
    }
    if quoted {
        return Err("has a quotation mark that is never closed");
    }
    pieces.push(text.get(start..).unwrap_or_default());
    Ok(pieces.into_iter().map(str::trim).filter(|piece| !piece.is_empty()).collect())
}

fn mailbox(piece: &str) -> Result<Mailbox, &'static str> {
    let Some((name, inner)) = piece.strip_suffix('>').and_then(split_angle) else {
        return Ok(Mailbox { name: None, address: address(piece)? });
    };
    Ok(Mailbox { name: phrase(name.trim())?, address: address(address_text(inner))? })
}

/// Splits `name <address` at the last bracket: a quoted name may hold one too.
fn split_angle(piece: &str) -> Option<(&str, &str)> {
    piece.rsplit_once('<')
}

/// Models wrap addresses in what they have seen on web pages.
fn address_text(address: &str) -> &str {
    address.trim().strip_prefix("mailto:").unwrap_or(address.trim())
}

/// A display name: a quoted string, or words. Characters that RFC 5322 wants quoted are let through in words, as mail
/// programs do: the composer quotes them.
fn phrase(text: &str) -> Result<Option<String>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    let name = match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => unescaped(inner)?,
        None if text.contains(['"', '<', '>', '(', ')']) => return Err("put the name in quotation marks"),
        None => text.to_owned(),
    };
    Ok(Some(name).filter(|name| !name.trim().is_empty()))
}

fn unescaped(quoted: &str) -> Result<String, &'static str> {
    let mut text = String::with_capacity(quoted.len());
    let mut escaped = false;
    for c in quoted.chars() {
        match c {
            _ if escaped => {
                text.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Err("has a quotation mark inside its name; write it as \\\""),
            _ => text.push(c),
        }
    }
    Ok(text)
}

fn address(text: &str) -> Result<String, &'static str> {
    let (local, domain) = text.rsplit_once('@').ok_or("it has no `@`")?;
    check_local(local)?;
    // Before it is looked at: what writing it in ASCII takes grows with the square of its length.
    if domain.split('.').any(|label| label.chars().count() > MAX_LABEL) {
        return Err("its domain is no host name");
    }
    let domain =
        idna::domain_to_ascii_strict(domain.trim_end_matches('.')).map_err(|_| "its domain is no host name")?;
    if domain.is_empty() || domain.len() > 253 {
        return Err("its domain is no host name");
    }
    Ok(format!("{local}@{domain}"))
}

/// RFC 5321's bounds, RFC 5322's characters.
fn check_local(local: &str) -> Result<(), &'static str> {
    if local.is_empty() || local.len() > 64 {
        return Err("the part before the `@` must have 1 to 64 characters");
    }
    if !local.is_ascii() {
        return Err("the part before the `@` must be ASCII");
    }
    if EmailAddress::is_valid_local_part(local) {
        return Ok(());
    }
    Err(
        "the part before the `@` holds a character that no address has there, dots in a row, or quotes that are malformed",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(Option<String>, String)> {
        parse_list("to", text, &Work::default())
            .unwrap()
            .into_iter()
            .map(|mailbox| (mailbox.name, mailbox.address))
            .collect()
    }

    fn refused(text: &str) -> String {
        parse_list("cc", text, &Work::default()).unwrap_err().message
    }

    #[test]
    fn lists_as_people_write_them() {
        let named = |name: &str, address: &str| (Some(name.to_owned()), address.to_owned());
        let bare = |address: &str| (None, address.to_owned());
        assert_eq!(parsed("a@example.com"), [bare("a@example.com")]);
        assert_eq!(parsed(" a@example.com , b@example.com, "), [bare("a@example.com"), bare("b@example.com")]);
        assert_eq!(parsed("<a@example.com>"), [bare("a@example.com")]);
        assert_eq!(
            parsed("\"Doe, John\" <john@example.com>, Ana Müller <ana@example.com>"),
            [named("Doe, John", "john@example.com"), named("Ana Müller", "ana@example.com")]
        );
        assert_eq!(parsed("\"A \\\"B\\\" <c>\" <a@example.com>"), [named("A \"B\" <c>", "a@example.com")]);
        assert_eq!(
            parsed("Dr. J. Smith-O'Neil <j.o'neil+x@example.com>"),
            [named("Dr. J. Smith-O'Neil", "j.o'neil+x@example.com")]
        );
        assert_eq!(parsed("\"\" <a@example.com>"), [bare("a@example.com")]);
        assert_eq!(parsed("田中 <tanaka@例え.jp>"), [named("田中", "tanaka@xn--r8jz45g.jp")]);
        assert_eq!(parsed("\"with space\"@example.com"), [bare("\"with space\"@example.com")]);
        assert_eq!(parsed("\"a\\\"b\"@example.com"), [bare("\"a\\\"b\"@example.com")]);
        assert_eq!(parsed("x <mailto:a@example.com>"), [named("x", "a@example.com")]);
        assert_eq!(parsed("  "), []);
    }

    #[test]
    fn what_is_no_address_is_refused_by_argument_and_piece() {
        assert_eq!(refused("ana"), "`cc` has `ana`: it has no `@`");
        assert_eq!(refused("a@example.com; b@example.com"), "`cc` holds a `;`: separate addresses with commas");
        for text in [
            "a@",
            "@b.c",
            "a..b@example.com",
            ".a@example.com",
            "a b@example.com",
            "a@b c",
            "a@exa_mple.com",
            "a@-x.com",
            "ü@example.com",
            "Doe, John <john@example.com>",
            "\"John <john@example.com>",
            "John\" <john@example.com>",
            "a@b@c <x>",
            "a@example.com b@example.com",
            "<a@example.com> trailing",
            "(comment) a@example.com",
            "a@[127.0.0.1]",
            "\"\"@example.com",
            "\"a\"b\"@example.com",
            "\"a\\\"@example.com",
            "\"a\u{1}\"@example.com",
            "\"@example.com",
            "a\"b@example.com",
            "<>",
            "x <>",
            "team: a@example.com, b@example.com;",
            "a@example..com",
            "<<a@example.com>>",
        ] {
            let message = refused(text);
            assert!(message.starts_with("`cc` "), "{text}: {message}");
        }
        assert!(refused(&format!("{}@example.com", "x".repeat(65))).contains("1 to 64"));
        assert!(refused(&format!("a@{}", "ü".repeat(2000))).contains("no host name"));
        assert!(refused(&"a@example.com,".repeat(501)).contains("501 addresses"));
    }

    /// Attack 39.
    #[test]
    fn nothing_that_could_begin_another_header_passes() {
        for text in [
            "a@example.com\r\nBcc: evil@example.com",
            "a@example.com\nX: y",
            "a@example.com\0",
            "\"x\r\n y\" <a@example.com>",
        ] {
            assert!(refused(text).contains("line break or a NUL"), "{text:?}");
        }
    }
}
