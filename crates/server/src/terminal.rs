//! The terminal: how far a command has come, and what others wrote, which must not steer it.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use valetkey_domain::ctx::Progress;

/// The text with every control character but the line's end shown as an escape.
pub(crate) fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' { c.escape_default().collect() } else { vec![c] };
    text.chars().flat_map(shown).collect()
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
    fn tell(&self, done: u64, total: Option<u64>, message: &str) {
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
}
