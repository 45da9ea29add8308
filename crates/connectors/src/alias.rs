//! A file that repeats another connector, made whole: the other's tools under its own name.

use crate::file::{AliasFile, ErrorRule, File, ToolFile};
use std::collections::BTreeSet;

/// The original under the alias's name, with the alias's way to sign in. Where words name a tool, they name the alias's.
pub(crate) fn whole(alias: AliasFile, original: File) -> File {
    let rename = Rename::new(&original, &alias.connector);
    let tools = original.tools.into_pairs().map(|(name, tool)| (rename.text(&name), rename.tool(tool))).collect();
    let mut errors = original.errors;
    let rules = errors.rules.into_iter();
    errors.rules = rules.map(|rule| ErrorRule { say: rule.say.map(|say| rename.text(&say)), ..rule }).collect();
    let waits = original.not_yet.into_pairs();
    let not_yet = waits.map(|(name, why)| (rename.text(&name), rename.text(&why))).collect();
    File {
        connector: alias.connector,
        display_name: alias.display_name,
        alias_of: Some(alias.alias_of),
        auth: alias.auth,
        account_fields: alias.account_fields,
        verify: alias.verify,
        default_scopes: alias.default_scopes,
        tools,
        errors,
        not_yet,
        ..original
    }
}

/// Names of tools, wherever they stand in words.
struct Rename {
    from: String,
    to: String,
    names: BTreeSet<String>,
}

impl Rename {
    fn new(original: &File, to: &str) -> Self {
        let names =
            original.tools.keys().map(str::to_owned).chain(original.not_yet.keys().map(str::to_owned)).collect();
        Self { from: original.connector.clone(), to: to.to_owned(), names }
    }

    fn text(&self, text: &str) -> String {
        let mut renamed = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let word = rest.find(|c| !named(c)).unwrap_or(rest.len());
            let end = if word > 0 { word } else { rest.find(named).unwrap_or(rest.len()) };
            let (word, after) = rest.split_at(end);
            match word.strip_prefix(self.from.as_str()).filter(|_| self.names.contains(word)) {
                Some(own) => renamed.extend([self.to.as_str(), own]),
                None => renamed.push_str(word),
            }
            rest = after;
        }
        renamed
    }

    fn tool(&self, mut tool: ToolFile) -> ToolFile {
        tool.title = self.text(&tool.title);
        tool.description = self.text(&tool.description);
        tool.output.read_on = tool.output.read_on.map(|words| self.text(&words));
        tool.input = tool
            .input
            .into_pairs()
            .map(|(name, mut field)| {
                field.description = self.text(&field.description);
                field.because = field.because.map(|words| self.text(&words));
                (name, field)
            })
            .collect();
        tool
    }
}
