//! Path templates of the simple kind: whole segments are literal or `{variable}`.

use percent_encoding::percent_decode_str;

/// The decoded values of the template's variables where the path matches it.
pub(crate) fn matches(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let mut wanted = template.split('/');
    let mut given = path.split('/');
    let mut values = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(values),
            (Some(wanted), Some(given)) => match variable(wanted) {
                Some(_) if given.is_empty() => return None,
                Some(name) => values.push((name.to_owned(), decode(given)?)),
                None if wanted == given => {}
                None => return None,
            },
            _ => return None,
        }
    }
}

/// The name in `{name}`; nothing for a literal segment.
pub(crate) fn variable(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Whether every segment is a plain literal or a plain variable.
pub(crate) fn is_simple(template: &str) -> bool {
    let plain = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    template.split('/').all(|segment| variable(segment).map_or(!segment.contains(['{', '}']), plain))
}

fn decode(segment: &str) -> Option<String> {
    Some(percent_decode_str(segment).decode_utf8().ok()?.into_owned())
}
