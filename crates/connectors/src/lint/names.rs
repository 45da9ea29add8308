//! The documented names of a connector's tools: what a drop-in must offer, and what is said not to be built yet.

use super::problems::Problems;
use crate::error::Problem;
use crate::file::{File, ToolFile};

/// One documented tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documented {
    /// Its name.
    pub name: String,
    /// The arguments without which it is refused, with their types.
    pub required: Vec<(String, String)>,
    /// The other arguments, with their types.
    pub optional: Vec<(String, String)>,
    /// Whether `schema_version` and `tool_version` are among them too.
    pub versions: bool,
}

/// Reads a table of documented tools: name, required and optional arguments (`name:type`, between commas), and
/// `both` or `none` for the two version arguments; tabs between, `#` begins a comment.
///
/// # Errors
/// The first line that is not of this form.
pub fn read(table: &str) -> Result<Vec<Documented>, String> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| documented(line).ok_or_else(|| format!("`{line}` is no line of a table of names"))).collect()
}

fn documented(line: &str) -> Option<Documented> {
    let mut columns = line.split('\t');
    let name = columns.next()?.to_owned();
    let required = arguments(columns.next()?)?;
    let optional = arguments(columns.next()?)?;
    let versions = match columns.next()? {
        "both" => true,
        "none" => false,
        _ => return None,
    };
    Some(Documented { name, required, optional, versions })
}

fn arguments(column: &str) -> Option<Vec<(String, String)>> {
    let pairs = column.split(',').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once(':').map(|(name, kind)| (name.to_owned(), kind.to_owned()))).collect()
}

/// Holds a file against the documented names: each is built, with the same required arguments and at least the
/// optional ones, or is listed in `not_yet`.
#[must_use]
pub fn check(file: &File, documented: &[Documented]) -> Vec<Problem> {
    let mut problems = Problems::default();
    for one in documented {
        let waits = file.not_yet.get(&one.name).is_some();
        match file.tools.get(&one.name) {
            Some(tool) => {
                problems.demand(!waits, "not_yet", &format!("`{}` is built", one.name));
                built(one, tool, &mut problems);
            }
            None => {
                let why = format!("`{}` is documented and neither built nor listed", one.name);
                problems.demand(waits, "not_yet", &why);
            }
        }
    }
    for name in file.not_yet.keys() {
        let known = documented.iter().any(|one| one.name == name);
        problems.demand(known, "not_yet", &format!("`{name}` is not documented"));
    }
    problems.0
}

/// Where a number is documented and the app takes only whole ones, the argument says so.
fn is_as(kind: &str, documented: &str) -> bool {
    kind == documented || (documented == "number" && kind == "integer")
}

fn built(one: &Documented, tool: &ToolFile, problems: &mut Problems) {
    let at = format!("tools.{}.input", one.name);
    for (name, kind) in one.required.iter().chain(&one.optional) {
        match tool.input.get(name) {
            None => problems.add(at.as_str(), format!("lacks the documented argument `{name}`")),
            Some(field) => problems.demand(is_as(&field.kind, kind), &at, &format!("`{name}` is documented as {kind}")),
        }
    }
    for (name, field) in tool.input.iter() {
        let required = one.required.iter().any(|(known, _)| known == name);
        problems.demand(field.required == required, &at, &format!("`{name}` is required: {required}, as documented"));
    }
    problems.demand(tool.versions == one.versions, &at, "`versions` is not as documented");
}
