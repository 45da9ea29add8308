//! `format=flowed` (RFC 3676): lines that end in a blank go on in the next one. Programs break mail texts at some 70
//! characters that way; whoever reads them on another width wants the paragraphs.

use super::parameter::parameter;
use super::work::Work;
use crate::Failure;
use serde_json::Value;

/// The line before a signature. It ends in a blank and goes on nowhere (4.3).
const SIGNATURE: &str = "-- ";

/// A plain text with its paragraphs on one line each, where the part says that it is flowed.
pub(super) fn joined(part: &Value, text: String, work: &Work) -> Result<String, Failure> {
    if !says(part, "format", "flowed") {
        return Ok(text);
    }
    work.spend(text.len())?;
    Ok(paragraphs(&text, says(part, "delsp", "yes")))
}

fn says(part: &Value, name: &str, word: &str) -> bool {
    parameter(part, "Content-Type", name).is_some_and(|value| value.trim().eq_ignore_ascii_case(word))
}

/// One line as it was sent: how deep it is quoted, what it says, and whether it goes on.
struct Line<'t> {
    depth: usize,
    text: &'t str,
    flows: bool,
}

impl<'t> Line<'t> {
    fn read(line: &'t str) -> Self {
        let text = line.trim_start_matches('>');
        let depth = line.len() - text.len();
        // A blank was put before what began with one, with a quote's sign, or with `From ` (4.4).
        let text = text.strip_prefix(' ').unwrap_or(text);
        Self { depth, text, flows: text.ends_with(' ') && text != SIGNATURE }
    }
}

/// `delsp`: the blank at a line's end was put there only to say that it goes on, as in scripts without blanks.
fn paragraphs(text: &str, delsp: bool) -> String {
    let mut whole = String::with_capacity(text.len() + text.len() / 8);
    let mut open: Option<usize> = None;
    for (at, line) in text.split('\n').enumerate() {
        let line = Line::read(line);
        // A paragraph ends where the depth changes, whatever its last line promised, and before a signature (4.5).
        if open != Some(line.depth) || line.text == SIGNATURE || line.text.is_empty() {
            if open.is_some() {
                whole.truncate(whole.trim_end_matches(' ').len());
            }
            begin(&mut whole, at > 0, &line);
        }
        let said = if line.flows && delsp { line.text.strip_suffix(' ').unwrap_or(line.text) } else { line.text };
        whole.push_str(said);
        open = line.flows.then_some(line.depth);
    }
    whole
}

fn begin(whole: &mut String, another: bool, line: &Line<'_>) {
    if another {
        whole.push('\n');
    }
    whole.extend(std::iter::repeat_n('>', line.depth));
    if line.depth > 0 && !line.text.is_empty() {
        whole.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(kind: &str, text: &str) -> String {
        let part = json!({"headers": [{"name": "Content-Type", "value": kind}]});
        joined(&part, text.to_owned(), &Work::default()).unwrap()
    }

    #[test]
    fn paragraphs_come_back_and_everything_else_stays() {
        for (sent, expected) in [
            ("One two \nthree.\n\nFour.", "One two three.\n\nFour."),
            // Its end and its beginning are hard.
            ("One.\nTwo \nthree.\nFour.", "One.\nTwo three.\nFour."),
            // Stuffed blanks; indented code keeps what it had.
            (" From here \non.\n  indented", "From here on.\n indented"),
            // Quotes go on within their depth only.
            ("> a \n> b\n>> c \n>> d\n> e \nf", "> a b\n>> c d\n> e\nf"),
            (">a \n>b", "> a b"),
            ("text \n> quote", "text\n> quote"),
            // A signature is not part of what is before it, and begins nothing.
            ("Bye \n-- \nAda \nLovelace", "Bye\n-- \nAda Lovelace"),
            ("> Bye\n> -- \n> Ada", "> Bye\n> -- \n> Ada"),
            // Empty quoted lines, an open end, nothing at all.
            ("> a\n>\n> b", "> a\n>\n> b"),
            ("open ", "open "),
            ("", ""),
            ("https://example.com/a \n\nnext", "https://example.com/a\n\nnext"),
        ] {
            assert_eq!(read("text/plain; charset=utf-8; format=flowed", sent), expected, "{sent:?}");
        }
        assert_eq!(read("text/plain; Format=\"Flowed\"; DelSp=Yes", "日本 \n語です。\nA  \nb"), "日本語です。\nA b");
    }

    #[test]
    fn what_does_not_say_so_stays_as_it_is() {
        for kind in
            ["text/plain", "text/plain; format=fixed", "text/plain; x=\"format=flowed\"", "text/plain; delsp=yes"]
        {
            assert_eq!(read(kind, "a \n> b \nc"), "a \n> b \nc", "{kind}");
        }
    }
}
