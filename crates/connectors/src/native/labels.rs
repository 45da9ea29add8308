//! What the labels of charsets mean, as mail programs write them.

use encoding_rs::{Encoding, ISO_2022_JP, REPLACEMENT};
use mail_parser::decoders::charsets::DecoderFnc;
use mail_parser::decoders::charsets::map::charset_decoder;

/// What a label means.
pub(super) enum Charset {
    /// One that browsers know.
    Web(&'static Encoding),
    /// One that only the mail library knows, or UTF-7.
    Mail(DecoderFnc),
    /// Chinese in seven bits, between `~{` and `~}` (RFC 1843).
    Hz,
    /// Korean in seven bits, between SO and SI (RFC 1557).
    Iso2022Kr,
    /// Nothing that says how bytes above 127 are meant.
    Unsaid,
}

/// The charset of a label as mail programs write them, which is more freely than the registry has them.
pub(super) fn known(label: &str) -> Charset {
    let label = label.get(..label.floor_char_boundary(64)).unwrap_or_default();
    let label = label.split('*').next().unwrap_or_default();
    let label = label.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_ascii_lowercase();
    let short: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
    let short = short.strip_prefix("cs").unwrap_or(&short);
    match short {
        "usascii" | "ascii" | "ansix341968" | "ansix341986" | "iso646us" | "iso646irv1991" | "646" | "us"
        | "isoir6" | "ibm367" | "cp367" | "cp20127" => return Charset::Unsaid,
        "hzgb2312" | "hz" | "cp52936" => return Charset::Hz,
        "iso2022kr" | "cp50225" => return Charset::Iso2022Kr,
        _ if short.ends_with("utf7") || short == "cp65000" => return mail(b"utf-7"),
        _ if short.starts_with("iso2022jp") => return Charset::Web(ISO_2022_JP),
        _ => {}
    }
    let web = [label.as_str(), short].into_iter().find_map(web).or_else(|| web(&spelled(short)?));
    web.map_or_else(|| mail(label.as_bytes()), Charset::Web)
}

fn web(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label(label.as_bytes()).filter(|encoding| *encoding != REPLACEMENT)
}

fn mail(label: &[u8]) -> Charset {
    charset_decoder(label).filter(|_| !label.is_empty()).map_or(Charset::Unsaid, Charset::Mail)
}

/// The label that browsers know, for one that is letters and digits only.
fn spelled(short: &str) -> Option<String> {
    let number = short.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let letters = short.strip_suffix(number)?;
    if let Some(part) = number.strip_prefix("8859").filter(|part| !part.is_empty()) {
        return Some(format!("iso-8859-{}", part.trim_start_matches('0')));
    }
    let label = match (letters, number) {
        ("eucjp" | "xeucjp" | "ujis", _) | ("cp", "51932") => "euc-jp",
        ("euckr" | "xeuckr" | "uhc", _) | ("ksc", _) | ("ms" | "cp" | "windows" | "xwindows", "949" | "51949") => {
            "euc-kr"
        }
        ("euccn" | "xeuccn", _) | ("ms" | "cp" | "windows" | "xcp", "936" | "51936") => "gbk",
        ("gb" | "xgb" | "cp", "18030" | "54936") => "gb18030",
        ("shiftjis" | "xshiftjis" | "mskanji" | "sjiswin" | "sjis", _)
        | ("ms" | "cp" | "windows" | "ibm", "932" | "943") => "shift_jis",
        ("ms" | "cp" | "windows" | "xcp", "950") | ("bigfive" | "bighkscs" | "hkscs", _) => "big5",
        ("ms" | "cp" | "windows" | "win" | "xwindows" | "xcp", "874") => "windows-874",
        ("ms" | "cp" | "windows" | "win" | "xwindows" | "xcp" | "codepage" | "ansi", number)
            if number.len() == 4 && number.starts_with("125") =>
        {
            return Some(format!("windows-{number}"));
        }
        ("cp", "65001") | ("utf", "8") | ("utfmb", _) | ("xutf", "8") => "utf-8",
        ("cp", number) if number.len() == 5 && number.starts_with("285") => {
            return Some(format!("iso-8859-{}", number.parse::<u32>().ok()?.checked_sub(28_590)?));
        }
        ("cp", "20866") => "koi8-r",
        ("cp", "21866") => "koi8-u",
        ("macroman" | "xmacroman" | "applemacintosh", _) | ("cp", "10000") => "macintosh",
        _ => other(short)?,
    };
    Some(label.to_owned())
}

fn other(short: &str) -> Option<&'static str> {
    Some(match short {
        "utf8mb4" | "utf8mb3" | "xutf8" => "utf-8",
        "koi8r" => "koi8-r",
        "koi8u" => "koi8-u",
        "big5hkscs" | "big5eten" | "xxbig5" => "big5",
        "iso88598i" | "visualhebrew" => "iso-8859-8-i",
        "ksc56011987" | "ksx1001" => "euc-kr",
        "latin9" | "latin0" => "iso-8859-15",
        "utf16" | "unicode" | "ucs2" => "utf-16le",
        _ => return None,
    })
}
