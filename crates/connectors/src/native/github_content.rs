//! `github_content`: what a file shall have in it, as GitHub takes it, in Base64.
//!
//! Arguments: `content`, and `encoding`, which says how it is written: `text`, or else `base64`. Gives the Base64.

use super::base64_text;
use super::scope::{Scope, argument};
use crate::{Failure, Setting};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let content = argument(scope, "content").and_then(Value::as_str).unwrap_or_default();
    setting.work.spend(1 + content.len())?;
    if argument(scope, "encoding").is_some_and(|encoding| encoding == "text") {
        return Ok(STANDARD.encode(content).into());
    }
    match base64_text::bytes(content) {
        Some(bytes) => Ok(STANDARD.encode(bytes).into()),
        None => Err(Failure::invalid(
            "`content` is no Base64. To give the text of the file as it is, say `encoding: text`; nothing was changed",
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::native::tests::setting;
    use serde_json::{Value, json};

    fn content(content: &str, encoding: &str) -> Result<Value, String> {
        let scope = json!({"input": {"content": content, "encoding": encoding}});
        super::run(scope.as_object().unwrap(), &setting()).map_err(|failure| failure.message)
    }

    #[test]
    fn text_is_encoded_and_base64_is_checked() {
        assert_eq!(content("Grüße\n", "text"), Ok(json!("R3LDvMOfZQo=")));
        assert_eq!(content("R3LD\nvMOf ZQo", "base64"), Ok(json!("R3LDvMOfZQo=")));
        assert_eq!((content("", "text"), content("", "base64")), (Ok(json!("")), Ok(json!(""))));
        assert!(content("# A title", "base64").unwrap_err().contains("say `encoding: text`"));
    }
}
