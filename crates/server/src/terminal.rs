//! The terminal: how far a command has come, and what others wrote, which must not steer it.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use valetkey_domain::ctx::Progress;
use valetkey_domain::invisible::is_invisible;

/// The text with every character that nobody sees, or that steers the terminal or the order of what is shown, as an
/// escape; all but the line's end, and what joins pictures to one.
pub(crate) fn printable(text: &str) -> String {
    let (mut shown, mut picture) = (String::with_capacity(text.len()), false);
    for c in text.chars() {
        if c == '\n' || !is_invisible(c) {
            shown.push(c);
            picture = is_picture(c);
        } else if picture && matches!(c, '\u{200d}' | '\u{fe0f}') {
            shown.push(c);
        } else {
            shown.extend(c.escape_default());
            picture = false;
        }
    }
    shown
}

/// What other pictures can be joined to.
const fn is_picture(c: char) -> bool {
    matches!(c, '\u{A9}' | '\u{AE}' | '\u{203C}'..='\u{20CF}' | '\u{2100}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Why a command failed: the message, then each cause that says something new on a line of its own.
pub(crate) fn reasons(why: &anyhow::Error) -> String {
    let mut said = why.to_string();
    for cause in why.chain().skip(1).map(ToString::to_string) {
        if !said.contains(&cause) {
            said += &format!("\n  because: {cause}");
        }
    }
    said
}

/// One line of standard error that says how far a command has come; nothing where that is no terminal.
#[derive(Default)]
pub(crate) struct Meter {
    shown: Mutex<String>,
}

impl Meter {
    /// Takes the line away.
    pub(crate) fn clear(&self) {
        self.show(String::new());
    }

    fn show(&self, line: String) {
        let mut shown = self.shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *shown != line && stderr().is_terminal() {
            // A terminal that has gone needs no line.
            let _ = write!(stderr(), "\r\x1b[K{}", printable(&line));
            *shown = line;
        }
    }
}

impl Progress for Meter {
    fn report(&self, done: u64, total: Option<u64>, message: &str) {
        let part = total.filter(|total| *total > 0).map(|total| format!(" ({} %)", done.min(total) * 100 / total));
        self.show(format!("{done} {message}{}", part.unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_said_once() {
        let why = anyhow::anyhow!("no such file").context("cannot read x: no such file").context("cannot start");
        assert_eq!(reasons(&why), "cannot start\n  because: cannot read x: no such file");
    }

    #[test]
    fn terminal_escapes_are_shown_not_obeyed() {
        assert_eq!(printable("\u{1b}[2Jgone\u{7}\u{9b}31m\nnext"), "\\u{1b}[2Jgone\\u{7}\\u{9b}31m\nnext");
    }

    #[test]
    fn what_nobody_sees_is_shown_and_pictures_stay_whole() {
        for (text, shown) in [
            ("ann\u{202e}nna", "ann\\u{202e}nna"),
            ("ann\u{200d}", "ann\\u{200d}"),
            ("a\u{fe0f}\u{2066}", "a\\u{fe0f}\\u{2066}"),
            ("\u{e0041}\u{feff}", "\\u{e0041}\\u{feff}"),
            ("e\u{301}\u{200d}", "e\u{301}\\u{200d}"),
            ("e\u{301}\u{200b}", "e\u{301}\\u{200b}"),
        ] {
            assert_eq!(printable(text), shown);
        }
        for whole in ["👩\u{200d}💻", "🏳\u{fe0f}\u{200d}🌈", "❤\u{fe0f}", "会議\n", "e\u{301}", "สวัสดี", "naïve"]
        {
            assert_eq!(printable(whole), whole);
        }
    }
}
