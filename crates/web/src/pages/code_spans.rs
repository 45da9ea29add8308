//! Descriptions are written for models, which read `names` between backticks as Markdown; a page shows them as code.

use minijinja::{HtmlEscape, Value};

/// `text|code_spans` in a template: escaped, with each pair of backticks made a `code` element.
pub(super) fn code_spans(text: &str) -> Value {
    let mut html = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, span, after)) = first_span(rest) {
        html.push_str(&format!("{}<code>{}</code>", HtmlEscape(before), HtmlEscape(span)));
        rest = after;
    }
    html.push_str(&HtmlEscape(rest).to_string());
    Value::from_safe_string(html)
}

/// What stands before the first pair of backticks, between them, and behind.
fn first_span(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (span, after) = rest.split_once('`')?;
    Some((before, span, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_code_and_everything_is_escaped() {
        for (text, html) in [
            ("Give `query`, or `a<b`.", "Give <code>query</code>, or <code>a&lt;b</code>."),
            ("<b>`</b>", "&lt;b&gt;`&lt;&#x2f;b&gt;"),
            ("`a` and ` alone", "<code>a</code> and ` alone"),
            ("", ""),
        ] {
            assert_eq!(code_spans(text).to_string(), html);
        }
    }
}
