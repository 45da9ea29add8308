//! What a request asks for, once its revision is known.

use super::fault::{Fault, INVALID_PARAMS, METHOD_NOT_FOUND};
use super::id::{Id, MAX_ID};
use super::version::Version;
use serde_json::{Map, Value};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Legacy opening; the revision to answer with.
    Initialize(Version),
    /// Modern opening.
    Discover,
    /// Legacy sign of life.
    Ping,
    /// The tools.
    List,
    /// To call one.
    Call(Call),
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The tool's name as sent; it is compared byte for byte.
    pub name: String,
    /// Its arguments, not looked at yet.
    pub arguments: Map<String, Value>,
    /// What progress is to be told under; nothing is told without.
    pub progress: Option<Id>,
    /// What was said when it was called before, if its user had to be asked something.
    pub resumed: Option<Box<Resumed>>,
}

/// A call that is made again after its user was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Resumed {
    /// What it was given to come back with.
    pub state: String,
    /// What the user answered, not looked at yet.
    pub responses: Option<Value>,
}

/// Reads what is asked in a request of this revision.
///
/// # Errors
/// The method is not one of that revision's that are served here, or its parameters do not fit.
pub fn read(version: Version, method: &str, params: Map<String, Value>) -> Result<Ask, Fault> {
    match (method, version.modern()) {
        ("initialize", false) => initialize(version, &params),
        ("ping", false) => Ok(Ask::Ping),
        ("server/discover", true) => Ok(Ask::Discover),
        ("tools/list", _) => list(version, &params),
        ("tools/call", _) => call(version, params).map(Ask::Call),
        _ => Err(unknown_method(version, method)),
    }
}

fn unknown_method(version: Version, method: &str) -> Fault {
    let shown: String = method.chars().take(64).collect();
    Fault::of(version, METHOD_NOT_FOUND, format!("method '{shown}' is not served here; this server offers tools only"))
}

fn initialize(version: Version, params: &Map<String, Value>) -> Result<Ask, Fault> {
    let Some(Value::String(asked)) = params.get("protocolVersion") else {
        return Err(Fault::of(version, INVALID_PARAMS, "'protocolVersion' must be a text"));
    };
    let agreed = Version::parse(asked).filter(|known| !known.modern());
    Ok(Ask::Initialize(agreed.unwrap_or(Version::LAST_LEGACY)))
}

fn list(version: Version, params: &Map<String, Value>) -> Result<Ask, Fault> {
    match params.get("cursor") {
        None | Some(Value::Null) => Ok(Ask::List),
        // Nothing led on from here, so an empty one is what a client sends that has none.
        Some(Value::String(cursor)) if cursor.is_empty() => Ok(Ask::List),
        Some(_) => Err(Fault::of(version, INVALID_PARAMS, "unknown cursor: the list has one page; ask without one")),
    }
}

fn call(version: Version, mut params: Map<String, Value>) -> Result<Call, Fault> {
    let wrong = |message| Fault::of(version, INVALID_PARAMS, message);
    let Some(Value::String(name)) = params.remove("name") else { return Err(wrong("'name' must be a text")) };
    let arguments = match params.remove("arguments") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(arguments)) => arguments,
        Some(_) => return Err(wrong("'arguments' must be an object")),
    };
    let token = params.get("_meta").and_then(|meta| meta.get("progressToken")).filter(|token| !token.is_null());
    let unfit = || format!("'progressToken' must be a number or a text of {MAX_ID} bytes at most");
    let progress = token.map(|token| Id::read(token).ok_or_else(|| Fault::of(version, INVALID_PARAMS, unfit())));
    let resumed = match params.get("requestState").filter(|_| version.modern()) {
        None | Some(Value::Null) => None,
        Some(Value::String(state)) => {
            Some(Box::new(Resumed { state: state.clone(), responses: params.get("inputResponses").cloned() }))
        }
        Some(_) => return Err(wrong("'requestState' must be a text")),
    };
    Ok(Call { name, arguments, progress: progress.transpose()?, resumed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn ask(version: Version, method: &str, params: &Value) -> Result<Ask, Fault> {
        read(version, method, params.as_object().unwrap().clone())
    }

    #[test]
    fn initialize_echoes_what_is_served_and_else_settles_on_the_last_legacy() {
        for (asked, agreed) in [
            ("2025-03-26", Version::V2025_03_26),
            ("2025-06-18", Version::V2025_06_18),
            ("2025-11-25", Version::V2025_11_25),
            ("2026-07-28", Version::V2025_11_25),
            ("2024-11-05", Version::V2025_11_25),
        ] {
            let params = json!({ "protocolVersion": asked });
            assert_eq!(ask(Version::LAST_LEGACY, "initialize", &params), Ok(Ask::Initialize(agreed)));
        }
        assert_eq!(ask(Version::LAST_LEGACY, "initialize", &json!({})).unwrap_err().code, INVALID_PARAMS);
    }

    #[test]
    fn each_era_has_its_own_methods() {
        for (version, method, status) in [
            (Version::V2026_07_28, "initialize", 404),
            (Version::V2026_07_28, "ping", 404),
            (Version::V2026_07_28, "prompts/list", 404),
            (Version::V2025_11_25, "server/discover", 200),
            (Version::V2025_11_25, "resources/list", 200),
        ] {
            let fault = ask(version, method, &json!({})).unwrap_err();
            assert_eq!((fault.status, fault.code), (status, METHOD_NOT_FOUND), "{method}");
        }
    }

    #[test]
    fn calls_are_read_with_their_progress_token() {
        let params = json!({ "name": "a", "arguments": { "b": 1 }, "_meta": { "progressToken": "p" } });
        let Ok(Ask::Call(call)) = ask(Version::V2025_11_25, "tools/call", &params) else { panic!("a call") };
        assert_eq!((call.name.as_str(), call.progress), ("a", Some(Id::Text("p".into()))));
        for wrong in [json!({}), json!({ "name": 1 }), json!({ "name": "a", "arguments": [] })] {
            assert_eq!(ask(Version::V2025_11_25, "tools/call", &wrong).unwrap_err().code, INVALID_PARAMS);
        }
    }

    proptest! {
        #[test]
        fn no_method_is_served_by_likeness(method in "[tT]ools ?/[a-zA-Z]{4}\\x00?") {
            prop_assume!(method != "tools/list" && method != "tools/call");
            let refused = ask(Version::V2025_11_25, &method, &json!({ "name": "a" })).is_err();
            prop_assert!(refused, "{}", method);
        }
    }
}
