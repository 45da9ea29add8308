//! HTML to text, for letters that go out and for messages that come in.

use html2text::config;

/// The width that plain-text letters are wrapped at.
const LETTER_WIDTH: usize = 76;
/// Wide enough that nothing is wrapped: a model reads it.
const UNWRAPPED: usize = 100_000;
/// The most HTML that is read, in bytes; what lies beyond is never shown anyway.
const MAX_HTML: usize = 512 << 10;
/// The deepest nesting and the most blanks and slashes in one tag that the renderer is given: its time grows with the
/// square of both, and a stranger's message must not be able to hold a thread for a minute.
const MAX_DEPTH: usize = 256;
const MAX_IN_TAG: usize = 4_000;

/// The text beside an HTML letter: wrapped, with its links as footnotes, because a reader may have nothing else.
pub(super) fn to_letter(html: &str) -> String {
    rendered(html, |html| config::plain().raw_mode(true).string_from_read(html, LETTER_WIDTH))
}

/// What an HTML message says, for a model: not wrapped, without tables drawn, without link targets, which in mail are
/// tracking addresses of hundreds of characters.
pub(super) fn to_text(html: &str) -> String {
    rendered(html, |html| {
        config::plain_no_decorate()
            .raw_mode(true)
            .link_footnotes(false)
            .max_wrap_width(UNWRAPPED)
            .string_from_read(html, UNWRAPPED)
    })
}

fn rendered(html: &str, render: impl FnOnce(&[u8]) -> Result<String, html2text::Error>) -> String {
    let html = html.get(..html.floor_char_boundary(MAX_HTML)).unwrap_or_default();
    let text = if is_tame(html) { render(html.as_bytes()).ok() } else { None };
    tidy(&text.unwrap_or_else(|| simple(html)))
}

/// Whether the renderer can be trusted with it. Elements that are commonly left open do not count as nesting.
fn is_tame(html: &str) -> bool {
    const OPEN: [&str; 14] =
        ["p", "br", "img", "li", "td", "tr", "th", "hr", "meta", "link", "dd", "dt", "option", "input"];
    let mut depth = 0_usize;
    for piece in html.split('<').skip(1) {
        let tag = piece.split('>').next().unwrap_or_default();
        if tag.bytes().filter(|byte| byte.is_ascii_whitespace() || *byte == b'/').nth(MAX_IN_TAG).is_some() {
            return false;
        }
        let name = tag.split(|c: char| c.is_ascii_whitespace() || c == '/').next().unwrap_or_default();
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if name.starts_with(|c: char| c.is_ascii_alphabetic())
            && !OPEN.iter().any(|open| name.eq_ignore_ascii_case(open))
        {
            depth += 1;
        }
        if depth > MAX_DEPTH {
            return false;
        }
    }
    true
}

/// For what the renderer refuses: tags out, entities decoded, no layout.
fn simple(html: &str) -> String {
    mail_parser::decoders::html::html_to_text(html)
}

/// No blanks at line ends, no more than one empty line in a row, none of the invisible characters with which
/// newsletters pad their preview.
fn tidy(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let line: String =
            line.chars().filter(|c| !is_padding(*c)).map(|c| if c == '\u{a0}' { ' ' } else { c }).collect();
        let line = line.trim_end();
        if line.is_empty() && lines.last().is_none_or(String::is_empty) {
            continue;
        }
        lines.push(line.to_owned());
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.join("\n")
}

/// Zero-width space, word joiner, soft hyphen, combining grapheme joiner, byte-order mark. Not the joiners of emoji.
const fn is_padding(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{2060}' | '\u{ad}' | '\u{34f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_keeps_its_links() {
        let text = to_letter("<p>Dear Ana,</p><p>see <a href=\"https://example.com/x\">this</a> &amp; that.</p>");
        assert!(
            text.contains("Dear Ana,") && text.contains("https://example.com/x") && text.contains("& that."),
            "{text}"
        );
    }

    #[test]
    fn a_message_reads_without_its_layout() {
        let html = "<html><head><style>p{color:red}</style><script>alert(1)</script><title>t</title></head><body>\
            <table><tr><td><div>Hello&nbsp;\u{200b}\u{34f} 👋🏽</div></td><td><a href='https://t.example/aaaa'>Open</a></td></tr></table>\
            <br><br><br><p>Bye</p></body></html>";
        let text = to_text(html);
        assert!(text.contains("Hello  👋🏽") && text.contains("Open") && text.ends_with("Bye"), "{text:?}");
        assert!(
            !text.contains("alert")
                && !text.contains("color")
                && !text.contains("t.example")
                && !text.contains("\n\n\n"),
            "{text:?}"
        );
    }

    #[test]
    fn nasty_html_ends() {
        let deep = format!("{}x{}", "<div>".repeat(20_000), "</div>".repeat(20_000));
        let tables = "<table><tr><td>".repeat(2_000);
        let attributes = format!("<div{}>x</div>", " a=1".repeat(100_000));
        let slashes = format!("<div{}>x</div>", "/a".repeat(200_000));
        let letter = format!(
            "<table>{}</table>",
            "<tr><td style='a: b'><p>Some words <a href=x>and a link</a></td></tr>".repeat(300)
        );
        for html in [
            &attributes,
            &slashes,
            &letter,
            "",
            "<",
            "<!--",
            "<p",
            "&#x110000;&bogus;",
            "<ul><li><ol start=-9999999999999999999><li>x",
            "<pre>\t\u{0}</pre>",
            &deep,
            &tables,
        ] {
            to_text(html);
            to_letter(html);
        }
        assert!(to_text(&deep) == "x" && to_text(&letter).contains("and a link"));
        for unclosed in ["<p>", "<br>", "<li>", "<tr><td>"] {
            assert!(is_tame(&unclosed.repeat(2_000)));
        }
    }
}
