//! What a draft leaves open is marked in it; nothing is taken before somebody has decided it.

use super::problems::Problems;
use crate::file::File;
use serde_json::Value;

/// How what is open is marked, in any text.
const MARK: &str = "DECIDE";

pub(super) fn check(file: &File, problems: &mut Problems) {
    let mut open = vec![("display_name".to_owned(), file.display_name.as_str())];
    for way in &file.auth {
        let urls = [("authorize_url", &way.authorize_url), ("token_url", &way.token_url)];
        open.extend(urls.into_iter().filter_map(|(key, url)| Some((format!("auth.{key}"), url.as_deref()?))));
    }
    for (name, tool) in file.tools.iter() {
        open.push((format!("tools.{name}.description"), &tool.description));
        open.push((format!("tools.{name}.operation"), &tool.operation));
        let constants = tool.set.iter().filter_map(|(target, value)| Some((target, value.as_str()?)));
        open.extend(constants.map(|(target, value)| (format!("tools.{name}.set.{target}"), value)));
        for (argument, field) in tool.input.iter() {
            let at = format!("tools.{name}.input.{argument}");
            open.extend(field.because.as_deref().map(|because| (format!("{at}.because"), because)));
            open.push((format!("{at}.description"), &field.description));
            let default = field.default.as_ref().and_then(Value::as_str);
            open.extend(default.map(|default| (format!("{at}.default"), default)));
        }
    }
    open.extend(file.not_yet.iter().map(|(name, why)| (format!("not_yet.{name}"), why.as_str())));
    for (at, text) in open.into_iter().filter(|(_, text)| text.contains(MARK)) {
        problems.add(at, format!("is still to be decided: {text}"));
    }
}
