//! Where the parts of a file stand in its text, so that what is wrong with them is told with its line.

use super::read::read_as;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::fmt;

/// The line of a value, a member's that of its name, and what is in it.
#[derive(Debug)]
pub(crate) struct Lines {
    line: u64,
    inside: Inside,
}

#[derive(Debug)]
enum Inside {
    Members(Vec<(String, Lines)>),
    Elements(Vec<Lines>),
    Nothing,
}

/// The lines of a text that was read before; nothing where it cannot be.
pub(crate) fn lines(text: &str) -> Option<Lines> {
    let inside = read_as("", text).ok()?;
    Some(Lines { line: 1, inside })
}

impl Lines {
    /// The line of what stands at a path, such as `tools.x.steps[1].with.path.id`, or of as much of the way to it as there
    /// is: what is missing has none. Nothing where not even the first name is there.
    pub(crate) fn of(&self, path: &str) -> Option<u64> {
        let (inner, rest) = self.first(path)?;
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        inner.of(rest).or(Some(inner.line))
    }

    /// The part that a path begins with, and the rest of the path. Names may have dots: `path.id` is one.
    fn first<'a>(&self, path: &'a str) -> Option<(&Self, &'a str)> {
        match &self.inside {
            Inside::Members(members) => {
                let begins = members.iter().filter_map(|(name, inner)| {
                    let rest = path.strip_prefix(name.as_str())?;
                    (rest.is_empty() || rest.starts_with(['.', '['])).then_some((name.len(), inner, rest))
                });
                begins.max_by_key(|(length, ..)| *length).map(|(_, inner, rest)| (inner, rest))
            }
            Inside::Elements(elements) => {
                let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
                Some((elements.get(index.parse::<usize>().ok()?)?, rest))
            }
            Inside::Nothing => None,
        }
    }
}

impl<'de> Deserialize<'de> for Inside {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Looker)
    }
}

struct Looker;

impl<'de> Visitor<'de> for Looker {
    type Value = Inside;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Inside, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<Spanned<String>>()? {
            let line = name.referenced.line();
            members.push((name.value, Lines { line, inside: map.next_value()? }));
        }
        Ok(Inside::Members(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Inside, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element::<Spanned<Inside>>()? {
            elements.push(Lines { line: element.referenced.line(), inside: element.value });
        }
        Ok(Inside::Elements(elements))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Inside, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Inside::Nothing)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Inside, E> {
        Ok(Inside::Nothing)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Inside, E> {
        Ok(Inside::Nothing)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Inside, E> {
        Ok(Inside::Nothing)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Inside, E> {
        Ok(Inside::Nothing)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Inside, E> {
        Ok(Inside::Nothing)
    }

    fn visit_unit<E: Error>(self) -> Result<Inside, E> {
        Ok(Inside::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_its_line_and_what_is_missing_that_of_what_it_is_missing_in() {
        let text = "connector: a\n# a remark\nauth:\n  - kind: bearer\n  - {kind: none,\n     x: 1}\ntools:\n  a_b:\n    title: >\n      Long,\n      it is\n    with: {path.id: input.id,\n      path.id.x: 2}\n    input:\n      id: {type: string,\n        map: path.id}\n  a_b.c:\n    title: ~\n";
        let lines = lines(text).unwrap();
        for (path, line) in [
            ("connector", Some(1)),
            ("auth", Some(3)),
            ("auth[0]", Some(4)),
            ("auth[1].x", Some(6)),
            ("auth[1].y", Some(5)),
            ("auth[7].kind", Some(3)),
            ("auth.kind", Some(3)),
            ("tools.a_b.title", Some(9)),
            ("tools.a_b.with.path.id", Some(12)),
            ("tools.a_b.with.path.id.x", Some(13)),
            ("tools.a_b.input.id.map", Some(16)),
            ("tools.a_b.input.id.enum[2]", Some(15)),
            ("tools.a_b.c.title", Some(18)),
            ("tools.gone.title", Some(7)),
            ("hosts", None),
            ("", None),
        ] {
            assert_eq!(lines.of(path), line, "{path}");
        }
    }
}
