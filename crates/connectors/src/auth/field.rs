//! What is asked of whoever signs in without OAuth, and whether an answer will do.

use crate::file::CredentialField as Written;
use jsonschema::{PatternOptions, Validator};
use serde_json::json;

/// The most bytes of one value: a service account's key has some three thousand.
const LONGEST: usize = 16 * 1024;

/// One thing that is asked.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name in templates and in the API.
    pub name: String,
    /// What the form calls it.
    pub label: String,
    /// Where it is found.
    pub hint: Option<String>,
    /// Whether it is hidden while it is typed and never shown again.
    pub secret: bool,
    /// Whether it may not be left out.
    pub required: bool,
    /// The only values that it can have; none named means any.
    pub options: Vec<String>,
    /// What is sent where nothing was given.
    pub default: Option<String>,
    pattern: Option<Validator>,
}

/// Why a value won't do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is missing.
    Missing,
    /// It is none of the options, or doesn't fit the pattern.
    Form,
    /// It is longer than anything that is asked.
    Long,
}

impl Field {
    /// Compiles what a file says.
    ///
    /// # Errors
    /// The pattern is no regular expression.
    pub(crate) fn compile(name: &str, written: &Written, secret: bool) -> Result<Self, String> {
        let pattern = written.pattern.as_deref().map(whole).transpose()?;
        Ok(Self {
            name: name.to_owned(),
            label: written.label.clone(),
            hint: written.hint.clone(),
            secret: written.secret.unwrap_or(secret),
            required: written.required,
            options: written.options.clone(),
            default: None,
            pattern,
        })
    }

    /// Whether a value will do. One that is empty is none.
    ///
    /// # Errors
    /// Why it won't.
    pub fn check(&self, value: &str) -> Result<(), Unfit> {
        if value.is_empty() {
            return if self.required { Err(Unfit::Missing) } else { Ok(()) };
        }
        if value.len() > LONGEST {
            return Err(Unfit::Long);
        }
        let listed = self.options.is_empty() || self.options.iter().any(|option| option == value);
        let fits = self.pattern.as_ref().is_none_or(|pattern| pattern.is_valid(&json!(value)));
        if listed && fits { Ok(()) } else { Err(Unfit::Form) }
    }
}

/// A check that a text fits an expression from its beginning to its end; it takes time in proportion to the text.
fn whole(pattern: &str) -> Result<Validator, String> {
    let schema = json!({"type": "string", "pattern": format!("^(?:{pattern})$")});
    let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
    options.build(&schema).map_err(|_| format!("`{pattern}` is no regular expression"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(said: serde_json::Value) -> Result<Field, String> {
        Field::compile("f", &serde_json::from_value(said).unwrap(), true)
    }

    #[test]
    fn a_value_is_held_against_what_is_asked() {
        let key = field(json!({"label": "Key", "pattern": "sk_[a-z]+"})).unwrap();
        assert!(key.secret && key.required);
        assert_eq!(key.check("sk_abc"), Ok(()));
        assert_eq!(key.check(""), Err(Unfit::Missing));
        for odd in ["xsk_abc", "sk_abc ", "sk_", "sk_abc\n"] {
            assert_eq!(key.check(odd), Err(Unfit::Form), "{odd:?}");
        }
        let region = json!({"label": "Region", "options": ["eu", "us"], "required": false, "secret": false});
        let region = field(region).unwrap();
        assert_eq!((region.check("eu"), region.check(""), region.check("EU")), (Ok(()), Ok(()), Err(Unfit::Form)));
        assert_eq!(field(json!({"label": "K"})).unwrap().check(&"k".repeat(LONGEST + 1)), Err(Unfit::Long));
        assert!(field(json!({"label": "K", "pattern": "(" })).is_err());
    }

    #[test]
    fn attack_52_a_pattern_takes_linear_time() {
        let nested = field(json!({"label": "K", "pattern": "(a+)+b"})).unwrap();
        assert_eq!(nested.check(&"a".repeat(LONGEST)), Err(Unfit::Form));
    }
}
