//! Bytes of a message as text, whatever was said of their charset.

use super::labels::{Charset, known};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{EUC_KR, Encoding, GBK, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

/// How far into a page its own word about its charset is looked for, in bytes.
const MAX_META: usize = 4 << 10;

/// Bytes under a label, if there is one.
///
/// Gmail hands on bodies of many charsets in UTF-8 without changing what their headers say, so UTF-8 that holds together
/// wins over the label. Not where a charset writes everything in seven bits or with NULs: those would hold together
/// too. What no label explains is guessed at as browsers do.
pub(super) fn to_text(bytes: &[u8], label: Option<&str>) -> String {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decoded(encoding, bytes.get(mark..).unwrap_or_default());
    }
    let charset = label.map_or(Charset::Unsaid, known);
    let utf8 = std::str::from_utf8(bytes).ok().filter(|_| !is_shifted(&charset, bytes));
    match (utf8, charset) {
        (Some(text), _) => text.to_owned(),
        (None, Charset::Web(encoding)) if encoding != UTF_8 => decoded(encoding, bytes),
        (None, Charset::Mail(decode)) => decode(bytes),
        (None, Charset::Hz) => unshifted(bytes, b"~{", b"~}", GBK),
        (None, Charset::Iso2022Kr) => unshifted(bytes, b"\x0e", b"\x0f", EUC_KR),
        (None, Charset::Web(_) | Charset::Unsaid) => decoded(guessed(bytes), bytes),
    }
}

/// A page, by the label beside it, else by its own `<meta charset>`.
pub(super) fn page_to_text(bytes: &[u8], label: Option<&str>) -> String {
    let said = label.filter(|label| !matches!(known(label), Charset::Unsaid));
    let own = || meta_label(bytes).filter(|label| !label.to_ascii_lowercase().starts_with("utf-16"));
    match said {
        Some(label) => to_text(bytes, Some(label)),
        None => to_text(bytes, own().as_deref().or(label)),
    }
}

fn decoded(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

fn guessed(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}

/// Whether text of this charset looks like UTF-8 and is not.
fn is_shifted(charset: &Charset, bytes: &[u8]) -> bool {
    match charset {
        Charset::Hz => bytes.windows(2).any(|pair| pair == b"~{"),
        Charset::Iso2022Kr => bytes.contains(&0x0e),
        Charset::Web(encoding) if *encoding == UTF_16LE || *encoding == UTF_16BE => bytes.contains(&0),
        Charset::Web(encoding) if *encoding == ISO_2022_JP => bytes.contains(&0x1b),
        Charset::Unsaid => bytes.contains(&0x1b) && guessed(bytes) == ISO_2022_JP,
        // Of those only UTF-7 writes in seven bits, as `+AOk-`.
        Charset::Mail(_) => bytes.is_ascii() && bytes.contains(&b'+'),
        Charset::Web(_) => false,
    }
}

/// What stands between two marks in seven bits, with the eighth put back.
fn unshifted(bytes: &[u8], on: &[u8], off: &[u8], encoding: &'static Encoding) -> String {
    let (mut plain, mut shifted, mut rest) = (Vec::with_capacity(bytes.len()), false, bytes);
    while let Some((first, after)) = rest.split_first() {
        let mark = if shifted { off } else { on };
        if let Some(after) = rest.strip_prefix(mark) {
            (shifted, rest) = (!shifted, after);
            continue;
        }
        if let Some(after) = rest.strip_prefix(b"\x1b$)C").or_else(|| rest.strip_prefix(b"~\n").filter(|_| on == b"~{"))
        {
            rest = after;
            continue;
        }
        let doubled = on == b"~{" && !shifted && rest.starts_with(b"~~");
        // A line ends what was left open.
        shifted &= *first != b'\n';
        plain.push(if shifted { first | 0x80 } else { *first });
        rest = if doubled { after.get(1..).unwrap_or_default() } else { after };
    }
    decoded(encoding, &plain)
}

/// What a page says of its own charset.
fn meta_label(page: &[u8]) -> Option<String> {
    let head = page.get(..page.len().min(MAX_META)).unwrap_or_default();
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    head.split("<meta").skip(1).find_map(|tag| {
        let tag = tag.split('>').next().unwrap_or_default();
        let (_, after) = tag.split_once("charset")?;
        let value = after.trim_start().strip_prefix('=')?.trim_start_matches([' ', '\t', '\r', '\n', '"', '\'']);
        let label: String = value.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_:.".contains(*c)).collect();
        Some(label).filter(|label| !label.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_as_mail_programs_write_them() {
        for (label, bytes, expected) in [
            ("iso-8859-1", &b"caf\xe9"[..], "café"),
            ("ISO8859_15", b"10 \xa4", "10 €"),
            ("8859-2", b"\xb1", "ą"),
            ("latin-1", b"caf\xe9", "café"),
            ("cp1252", b"\x93x\x94", "“x”"),
            ("CP-1252", b"\x93x\x94", "“x”"),
            ("win-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
            ("windows1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
            ("koi8r", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
            ("x-sjis", b"\x93\xfa\x96\x7b", "日本"),
            ("cp932", b"\x93\xfa\x96\x7b", "日本"),
            ("Windows-31J", b"\x93\xfa\x96\x7b", "日本"),
            ("gb2312", b"\xc4\xe3\xba\xc3", "你好"),
            ("cp936", b"\xc4\xe3\xba\xc3", "你好"),
            ("ks_c_5601-1987", b"\xbe\xc8\xb3\xe7", "안녕"),
            ("cp949", b"\xbe\xc8\xb3\xe7", "안녕"),
            ("cp950", b"\xa7\x41\xa6\x6e", "你好"),
            ("eucJP", b"\xc6\xfc\xcb\xdc", "日本"),
            ("iso-8859-8-i", b"\xf9\xec\xe5\xed", "שלום"),
            ("iso-2022-jp-ms", b"\x1b$B\x46\x7c\x4b\x5c\x1b(B", "日本"),
            ("unicode-1-1-utf-7", b"Hi Mom +Jjo-!", "Hi Mom ☺!"),
            ("x-unicode-2-0-utf-7", b"caf+AOk-", "café"),
            ("hz-gb-2312", b"a ~{Dc:C~} ~~.", "a 你好 ~."),
            ("iso-2022-kr", b"\x1b$)C\x0e\x3e\x48\x33\x67\x0f!", "안녕!"),
            ("cp850", b"caf\x82", "café"),
            ("utf-16le", b"h\0i\0", "hi"),
            ("utf8mb4", "日本".as_bytes(), "日本"),
            ("\"utf-8\"", "日本".as_bytes(), "日本"),
            ("us-ascii*en", "日本".as_bytes(), "日本"),
            ("28605", b"caf\xe9", "café"),
        ] {
            let text = to_text(bytes, Some(label));
            assert!(text.starts_with(expected), "{label}: {text}");
        }
    }

    #[test]
    fn without_a_label_it_is_found_out() {
        let russian = b"\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0? \xc2\xf1\xf2\xf0\xe5\xf7\xe0 \xe2 \xf1\xf0\xe5\xe4\xf3.";
        let japanese =
            b"\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd\x81A\x89\xef\x8bc\x82\xcd\x8c\xdf\x8c\xe3\x82\xc5\x82\xb7\x81B";
        for label in [None, Some("us-ascii"), Some("ansi_x3.4-1968"), Some("unknown-8bit"), Some("utf-8"), Some("")] {
            assert!(to_text(russian, label).starts_with("Привет, как дела?"), "{label:?}");
            assert!(to_text(japanese, label).starts_with("こんにちは、"), "{label:?}");
            assert_eq!(to_text(b"caf\xe9 au lait, d\xe9j\xe0 vu", label), "café au lait, déjà vu", "{label:?}");
            assert_eq!(to_text("日本 ü".as_bytes(), label), "日本 ü", "{label:?}");
            assert_eq!(to_text(b"\xff\xfea\0;\0", label), "a;");
            assert_eq!(to_text(b"\xef\xbb\xbfbom", label), "bom");
            assert_eq!(to_text(b"", label), "");
        }
        assert_eq!(to_text(b"\x1b$B\x46\x7c\x4b\x5c\x1b(B", None), "日本");
    }

    #[test]
    fn a_page_says_its_charset_itself() {
        let page = |head: &str| [head.as_bytes(), b"<p>\xcf\xf0\xe8</p>"].concat();
        for head in [
            "<meta charset=windows-1251>",
            "<META http-equiv='Content-Type' content='text/html; charset=windows-1251'>",
            "<meta name=x><meta charset = \"cp1251\">",
        ] {
            assert!(page_to_text(&page(head), None).contains("При"), "{head}");
            assert!(page_to_text(&page(head), Some("us-ascii")).contains("При"), "{head}");
            assert!(page_to_text(&page(head), Some("iso-8859-1")).contains("Ïðè"), "what stands beside it wins");
        }
        // Where nothing but the page says it.
        assert!(page_to_text(b"<meta charset=windows-1251><p>caf\xe9", None).ends_with("caf\u{439}"));
        assert!(page_to_text("<meta charset=utf-16>é".as_bytes(), None).ends_with('é'));
    }
}
