//! What others wrote must not steer the terminal that shows it.

/// The text with every control character but the line's end shown as an escape.
pub(crate) fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' { c.escape_default().collect() } else { vec![c] };
    text.chars().flat_map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_are_shown_not_obeyed() {
        assert_eq!(printable("\u{1b}[2Jgone\u{7}\u{9b}31m\nnext"), "\\u{1b}[2Jgone\\u{7}\\u{9b}31m\nnext");
    }
}
