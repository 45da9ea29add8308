//! The rows of a table, each cell with the name of its column: where a row is laid out as a card, nothing else says it.

use minijinja::value::Value;
use minijinja::{Error, ErrorKind, HtmlEscape};

/// `rows|cells(columns)`: the rows' own markup, in which each `<tr>` and `<td>` says what it is (WAI-ARIA) and each cell what
/// its column is called.
///
/// # Errors
/// The rows are no markup of a template's, or one of them has more or fewer cells than there are columns.
pub(super) fn cells(rows: &Value, columns: &[String]) -> Result<Value, Error> {
    let wrong = |what: String| Error::new(ErrorKind::InvalidOperation, what);
    let markup = rows.as_str().filter(|_| rows.is_safe()).ok_or_else(|| wrong("rows are markup".to_owned()))?;
    let (before, rows) = markup.split_once("<tr").unwrap_or((markup, ""));
    let mut named = String::with_capacity(markup.len() * 2);
    named.push_str(before);
    // What is shown is escaped, so that a tag is always the template's own.
    for row in rows.split("<tr").filter(|row| !row.is_empty()) {
        let mut cells = row.split("<td");
        named.push_str("<tr role=\"row\"");
        named.push_str(cells.next().unwrap_or_default());
        for column in columns {
            let cell = cells.next().ok_or_else(|| wrong(format!("a row has no cell of the column '{column}'")))?;
            named.push_str(&format!("<td role=\"cell\" data-label=\"{}\"{cell}", HtmlEscape(column)));
        }
        if cells.next().is_some() {
            return Err(wrong(format!("a row has more cells than there are columns: {columns:?}")));
        }
    }
    Ok(Value::from_safe_string(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(rows: &str, columns: &[&str]) -> Result<String, Error> {
        let columns: Vec<String> = columns.iter().map(|one| (*one).to_owned()).collect();
        cells(&Value::from_safe_string(rows.to_owned()), &columns).map(|value| value.to_string())
    }

    #[test]
    fn each_cell_says_what_it_is_and_what_its_column_is_called() {
        let rows =
            "\n<tr><td>a</td><td class=\"quiet\">&lt;td <time>1</time></td></tr>\n<tr><td></td><td>b</td></tr>\n";
        let (first, second) =
            ("<td role=\"cell\" data-label=\"Name\"", "<td role=\"cell\" data-label=\"&lt;When&quot;\"");
        let expected = format!(
            "\n<tr role=\"row\">{first}>a</td>{second} class=\"quiet\">&lt;td <time>1</time></td></tr>\n\
             <tr role=\"row\">{first}></td>{second}>b</td></tr>\n"
        );
        assert_eq!(named(rows, &["Name", "<When\""]).unwrap(), expected);
        assert_eq!(named("\n", &["Name"]).unwrap(), "\n");
    }

    #[test]
    fn a_row_has_a_cell_for_each_column_and_what_is_no_markup_is_refused() {
        for rows in ["<tr><td>a</td></tr>", "<tr><td>a</td><td>b</td><td>c</td></tr>", "<tr></tr>"] {
            assert!(named(rows, &["Name", "When"]).is_err(), "{rows}");
        }
        assert!(cells(&Value::from("<tr><td>a</td></tr>"), &["Name".to_owned()]).is_err());
    }
}
