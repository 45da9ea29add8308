//! Prints an answer: a plain table for people, JSON for programs.

use super::reply::Reply;
use crate::terminal::printable;
use anyhow::Result;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

/// The blanks before and behind a column.
const GAP: (u16, u16) = (0, 2);

/// Prints the rows, then the note.
///
/// # Errors
/// Standard output is gone.
pub(super) fn print(reply: &Reply, json: bool) -> Result<()> {
    let text = if json { serde_json::to_string_pretty(&reply.rows)? + "\n" } else { plain(reply) };
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
    Ok(())
}

fn plain(reply: &Reply) -> String {
    let mut text = match reply.rows.as_slice() {
        [] => String::new(),
        [Value::Object(one)] if reply.single => {
            one.iter().map(|(name, value)| format!("{name:<16} {}\n", cell(value))).collect()
        }
        rows if reply.report => rows.iter().map(line).collect(),
        rows => table(rows),
    };
    if let Some(note) = &reply.note {
        text.push_str(note);
        text.push('\n');
    } else if reply.rows.is_empty() && reply.fault.is_none() {
        text.push_str("none\n");
    }
    text
}

/// A line of a report: the columns side by side but for the last one, what to do, which stands behind them if it is there.
fn line(row: &Value) -> String {
    let text = |name| row.get(name).map(cell).unwrap_or_default();
    let todo = Some(text("todo")).filter(|todo| !todo.is_empty()).map(|todo| format!(". To do: {todo}"));
    format!("{:<8} {:<12} {}{}\n", text("result"), text("part"), text("found"), todo.unwrap_or_default())
}

fn table(rows: &[Value]) -> String {
    let Some(Value::Object(first)) = rows.first() else { return String::new() };
    let columns: Vec<&String> = first.keys().collect();
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|name| name.to_uppercase()));
    for row in rows {
        table.add_row(columns.iter().map(|name| row.get(name.as_str()).map(cell).unwrap_or_default()));
    }
    for column in table.column_iter_mut() {
        column.set_padding(GAP);
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// One value as a line of text, made fit for a terminal.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    printable(&text).replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_line_up() {
        let rows = vec![json!({"name": "a", "tools": 10}), json!({"name": "longer", "tools": 2})];
        assert_eq!(table(&rows), "NAME    TOOLS\na       10\nlonger  2\n");
    }

    /// Each row ends in a mark of its own; it stands as many cells of the terminal to the right in every one.
    #[test]
    fn columns_line_up_whatever_is_written_in_them() {
        let words = [
            ("plain", 5),
            ("会議の予定", 10),
            ("회의", 4),
            ("ｆｕｌｌ", 8),
            ("📅🎉", 4),
            ("👩\u{200d}💻", 2),
            ("❤\u{fe0f}", 2),
            ("🇩🇪", 2),
            ("e\u{301}te\u{301}", 3),
            ("สวัสดี", 4),
            ("a\u{ad}b", 8),
        ];
        let rows: Vec<Value> = words.iter().map(|(word, _)| json!({"name": word, "end": "|"})).collect();
        let text = table(&rows);
        assert_eq!(text.lines().count(), words.len() + 1, "{text}");
        for (line, (word, cells)) in text.lines().skip(1).zip(words) {
            assert_eq!(line, format!("{}{}|", printable(word), " ".repeat(12 - cells)), "{text}");
        }
    }

    #[test]
    fn a_cell_is_never_cut_or_folded() {
        let long = "wide ".repeat(13_000);
        let text = table(&[json!({"a": long, "b": " x "}), json!({"a": "", "b": null})]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), lines[1].len(), lines[2]), (3, 65_000 + 2 + 2, ""));
    }

    #[test]
    fn a_list_of_one_is_a_list_still() {
        let list = Reply { rows: vec![json!({"name": "a"})], ..Reply::default() };
        assert_eq!(plain(&list), "NAME\na\n");
        assert_eq!(plain(&Reply { single: true, ..list }), "name             a\n");
        assert_eq!(plain(&Reply::default()), "none\n");
    }

    #[test]
    fn a_report_has_what_to_do_behind_what_is_wrong() {
        let fine = json!({"result": "ok", "part": "clock", "found": "it is right", "todo": ""});
        let wrong = json!({"result": "problem", "part": "rows", "found": "one is back", "todo": "delete it"});
        let reply = Reply { rows: vec![fine, wrong], report: true, ..Reply::default() };
        let text = "ok       clock        it is right\nproblem  rows         one is back. To do: delete it\n";
        assert_eq!(plain(&reply), text);
    }

    #[test]
    fn a_cell_is_one_line() {
        assert_eq!(cell(&json!("a\nb\u{1b}")), "a\\nb\\u{1b}");
    }
}
