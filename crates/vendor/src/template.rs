//! Path templates of the simple kind: whole segments are literal, `{variable}`, or a variable and a verb, `{variable}:verb`.

use percent_encoding::percent_decode_str;

/// The decoded values of the template's variables where the path matches it.
pub(crate) fn matches(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let mut wanted = template.split('/');
    let mut given = path.split('/');
    let mut values = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(values),
            (Some(wanted), Some(given)) => match taken_apart(wanted) {
                Some((name, verb)) => {
                    let value = given.strip_suffix(verb).filter(|value| !value.is_empty())?;
                    values.push((name.to_owned(), decode(value)?));
                }
                None if wanted == given => {}
                None => return None,
            },
            _ => return None,
        }
    }
}

/// The name in `{name}` or `{name}:verb`; nothing for a literal segment.
pub(crate) fn variable(segment: &str) -> Option<&str> {
    taken_apart(segment).map(|(name, _)| name)
}

/// The names of a template's variables.
pub(crate) fn variables(template: &str) -> impl Iterator<Item = &str> {
    template.split('/').filter_map(variable)
}

/// The name, and what stands behind it: nothing, or a verb with its colon.
fn taken_apart(segment: &str) -> Option<(&str, &str)> {
    let (name, rest) = segment.strip_prefix('{')?.split_once('}')?;
    (rest.is_empty() || rest.starts_with(':')).then_some((name, rest))
}

/// Whether every segment is a plain literal or a plain variable.
pub(crate) fn is_simple(template: &str) -> bool {
    let plain = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    template.split('/').all(|segment| match taken_apart(segment) {
        Some((name, verb)) => plain(name) && verb.strip_prefix(':').is_none_or(plain),
        None => !segment.contains(['{', '}']),
    })
}

fn decode(segment: &str) -> Option<String> {
    Some(percent_decode_str(segment).decode_utf8().ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_may_have_a_verb_behind_it() {
        let template = "/files/{fileId}/proposals/{proposalId}:resolve";
        assert!(is_simple(template));
        let found = matches(template, "/files/f/proposals/p%3A1:resolve").unwrap();
        assert_eq!(found, [("fileId".to_owned(), "f".to_owned()), ("proposalId".to_owned(), "p:1".to_owned())]);
        for path in ["/files/f/proposals/p", "/files/f/proposals/:resolve", "/files/f/proposals/p:resolved"] {
            assert_eq!(matches(template, path), None, "{path}");
        }
    }

    #[test]
    fn what_is_no_plain_segment_is_not_simple() {
        for template in ["/{+name}", "/a{b}", "/{a}{b}", "/{a}:", "/{a}:b:c", "/{a}b", "/{}"] {
            assert!(!is_simple(template), "{template}");
        }
    }
}
