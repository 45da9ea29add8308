//! Texts with names in braces, which a credential's fields fill.

/// One piece of it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name(String),
}

/// A text with names in braces: `Token {api_key}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

impl Template {
    /// Reads one.
    ///
    /// # Errors
    /// A brace without its other, or with something in it that is no name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').ok_or_else(|| format!("`{text}`: a brace is not closed"))?;
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(plain) || before.contains('}') {
                return Err(format!("`{text}`: in braces stands the name of a field"));
            }
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Name(name.to_owned()));
            rest = behind;
        }
        if rest.contains('}') {
            return Err(format!("`{text}`: a brace is not opened"));
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// The names in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text with values for its names; none if one of them has none.
    #[must_use]
    pub fn fill<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
        let filled = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => Some(text.clone()),
            Piece::Name(name) => value(name).map(str::to_owned),
        });
        filled.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Option<String> {
        Template::parse(text).unwrap().fill(|name| (name == "key").then_some("k-1"))
    }

    #[test]
    fn names_in_braces_are_filled_and_the_rest_stays() {
        assert_eq!(filled("Token {key}").as_deref(), Some("Token k-1"));
        assert_eq!(filled("{key}/token:{key}").as_deref(), Some("k-1/token:k-1"));
        assert_eq!(filled("X").as_deref(), Some("X"));
        assert_eq!(filled("").as_deref(), Some(""));
        assert_eq!(filled("{key}{other}"), None, "one of them has no value");
        for odd in ["{key", "key}", "{}", "{a b}", "{{key}}", "a}b{c}"] {
            assert!(Template::parse(odd).is_err(), "{odd}");
        }
    }
}
