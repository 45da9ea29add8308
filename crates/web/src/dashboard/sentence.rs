//! An error's words as a page says them.

/// An error's words as a sentence: they begin small and without a full stop. What begins with a name of the API's or of a tool
/// keeps its letters.
pub(super) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let begins = words.split([' ', ':']).next().unwrap_or_default();
    let first =
        if begins.contains(['_', '.', '[']) { words[..words.len() - letters.as_str().len()].to_owned() } else { first };
    let end = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
