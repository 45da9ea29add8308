//! A document's words, as people and models read them: without what nobody sees, and no longer than they should be.

use valetkey_domain::invisible::{is_invisible, shown};

/// The longest title and description of a tool, and of an argument, in characters.
const MAX_TITLE: usize = 120;
const MAX_TOOL: usize = 2_000;
const MAX_ARGUMENT: usize = 500;
/// The longest name or value of the app's that is shown, in bytes.
const MAX_NAME: usize = 200;
/// The fewest characters that can tell a model anything (`lint::tools`).
const MIN: usize = 15;

/// A tool's title: the one it is given, else one of its name.
pub(super) fn title(said: &str, name: &str) -> String {
    let said = shown(said.trim(), MAX_TITLE);
    if !said.trim().is_empty() {
        return said;
    }
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What a tool does; `request` stands behind what says too little.
pub(super) fn of_tool(said: &str, summary: &str, deprecated: bool, request: &str) -> String {
    let said = seen(said, MAX_TOOL);
    let said = if said.is_empty() { seen(summary, MAX_TOOL) } else { said };
    let said = if deprecated { format!("Deprecated by the app. {said}").trim().to_owned() } else { said };
    long_enough(said, &format!("It sends {request} to the app."))
}

/// What an argument means; `place` stands behind what says too little.
pub(super) fn of_argument(said: &str, place: &str) -> String {
    long_enough(seen(said, MAX_ARGUMENT), place)
}

/// What a part of an argument means.
pub(super) fn of_part(said: &str) -> String {
    seen(said, MAX_ARGUMENT)
}

/// Whether all of a name or value is seen, and there is not too much of it: as it stands it goes to the app, so that it can't
/// be shown otherwise.
pub(super) fn is_plain(text: &str) -> bool {
    text.len() <= MAX_NAME && !text.chars().any(is_invisible)
}

fn long_enough(said: String, more: &str) -> String {
    match said.len() {
        0 => more.to_owned(),
        1..MIN => format!("{}. {more}", said.trim_end_matches('.')),
        _ => said,
    }
}

fn seen(text: &str, most: usize) -> String {
    let seen = |c: &char| *c == '\n' || *c == '\t' || !is_invisible(*c);
    text.trim().chars().filter(seen).take(most).collect::<String>().trim().to_owned()
}
