//! All that an OpenAPI document has, for people to choose from: each operation with what a request of it needs and the words
//! about it, and what can't be had, with its place.
//!
//! A document comes from anybody, and says in a few bytes what takes many: a part that a thousand others refer to, a list
//! that holds itself. So what is read is counted once references are followed, for each operation and for all.

use super::reference::followed;
use super::schema::{Parts, Schemas};
use super::{Found, METHODS, Reader};
use crate::digest::{Parameter, Place};
use crate::{Error, Schema, template};
use serde_json::{Map, Value};

/// The most operations that are looked at.
pub const MAX_OPERATIONS: usize = 1_000;
/// How many parts the schemas of one operation may have, and those of all.
const PARTS: Parts = Parts { one: 2_000, all: 100_000 };
/// The most parameters of one operation.
const MAX_PARAMETERS: usize = 100;
/// The most media types, answers, servers and variables of a server that are looked at.
const MAX_FORMS: usize = 20;
/// The longest path, and the longest address of a server, in bytes.
const MAX_PATH: usize = 500;
const MAX_ADDRESS: usize = 2_000;
/// The most bytes of words about an operation.
const MAX_WORDS: usize = 4_000;
/// Methods that a document may have and no tool uses.
const UNUSED: [&str; 3] = ["head", "options", "trace"];

/// All that a document has.
#[derive(Clone, Debug)]
pub struct Survey {
    /// What the API is called.
    pub title: String,
    /// Which version of it the document says it describes.
    pub version: String,
    /// Where it says that the API is: whole addresses or paths, variables filled with their defaults.
    pub servers: Vec<String>,
    /// The operations that can be had, in the order of the document.
    pub offers: Vec<Offer>,
    /// What can't be had.
    pub refused: Vec<Refused>,
}

/// An operation.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Its place in the document, `paths./things/{id}.get`.
    pub at: String,
    /// The vendor's id of it, if it has one.
    pub id: Option<String>,
    /// The HTTP method in upper case.
    pub method: String,
    /// The path behind the server's, with `{variables}`.
    pub path: String,
    /// What it is called.
    pub summary: String,
    /// What it does.
    pub description: String,
    /// Whether the vendor would rather have nobody call it.
    pub deprecated: bool,
    /// What it takes beside a body.
    pub parameters: Vec<Described>,
    /// The body that it takes.
    pub body: Option<Body>,
    /// Whether it answers with something else than JSON.
    pub answers_file: bool,
    /// What of it is left out, and need not be sent.
    pub left_out: Vec<String>,
}

/// A parameter with the words about it.
#[derive(Clone, Debug)]
pub struct Described {
    /// The parameter; what its own place says counts only where it is in no header.
    pub parameter: Parameter,
    /// Whether it is a header.
    pub in_header: bool,
    /// What is said of it.
    pub description: String,
}

/// A body.
#[derive(Clone, Debug)]
pub struct Body {
    /// Whether it is written as a form, and not as JSON.
    pub form: bool,
    /// Whether a request without it is refused.
    pub required: bool,
    /// What it holds.
    pub schema: Schema,
}

/// What can't be had, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its place in the document.
    pub at: String,
    /// Why.
    pub why: String,
}

/// Reads a whole document of OpenAPI 3.0 or 3.1. What each operation requires is required by its place ([`Offer::at`]).
///
/// # Errors
/// It is no such document, in words.
pub fn survey(document: &Value) -> Result<Survey, String> {
    version(document)?;
    let paths = document.get("paths").and_then(Value::as_object);
    let paths = paths.ok_or("it has no `paths`: there are no operations in it")?;
    let text = |pointer: &str| cut(document.pointer(pointer).and_then(Value::as_str).unwrap_or_default(), MAX_PATH);
    let schemas = Schemas::of(document, true, PARTS);
    let reader = Reader { document, schemas, prefix: "" };
    let mut survey = Survey {
        title: text("/info/title"),
        version: text("/info/version"),
        servers: servers(document),
        offers: Vec::new(),
        refused: Vec::new(),
    };
    let (mut seen, mut over) = (0, 0);
    for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
        for method in METHODS.into_iter().chain(UNUSED) {
            let Some(operation) = item.get(method) else { continue };
            seen += 1;
            if seen > MAX_OPERATIONS {
                over += 1;
                continue;
            }
            let at = format!("paths.{}.{method}", cut(path, MAX_PATH));
            let found = Found { method, path, item, operation };
            match reader.offer(at.clone(), &found) {
                Ok(offer) => survey.offers.push(offer),
                Err(why) => survey.refused.push(Refused { at, why }),
            }
        }
        if item.get("$ref").is_some() {
            seen += 1;
            if seen > MAX_OPERATIONS {
                over += 1;
                continue;
            }
            let why = "the path is described in another document, and only this one is read".to_owned();
            survey.refused.push(Refused { at: format!("paths.{}", cut(path, MAX_PATH)), why });
        }
    }
    if over > 0 {
        let why = format!("{over} more operations are not looked at: a document has {MAX_OPERATIONS} at most");
        survey.refused.push(Refused { at: "paths".to_owned(), why });
    }
    Ok(survey)
}

fn version(document: &Value) -> Result<(), String> {
    let said = document.get("openapi").and_then(Value::as_str);
    match said {
        Some(said) if said.starts_with("3.0") || said.starts_with("3.1") => Ok(()),
        Some(said) => Err(format!("it is OpenAPI {}, and 3.0 and 3.1 are read", cut(said, 20))),
        None if document.get("swagger").is_some() => {
            Err("it is Swagger 2.0, and OpenAPI 3.0 and 3.1 are read: convert it first".to_owned())
        }
        None => Err("it has no `openapi: 3.…` at its top: it is no OpenAPI document".to_owned()),
    }
}

/// Where the API is, as the document says. Each variable is filled once: a default that names a variable stays as it is.
fn servers(document: &Value) -> Vec<String> {
    let listed = document.get("servers").and_then(Value::as_array).into_iter().flatten().take(MAX_FORMS);
    listed.filter_map(|server| filled(server.get("url")?.as_str()?, server.get("variables"))).collect()
}

/// None if it is longer than an address may be.
fn filled(url: &str, variables: Option<&Value>) -> Option<String> {
    let (mut made, mut rest) = (String::new(), url);
    for _ in 0..MAX_FORMS {
        let Some((before, name, after)) = rest
            .split_once('{')
            .and_then(|(before, rest)| rest.split_once('}').map(|(name, after)| (before, name, after)))
        else {
            break;
        };
        let default = variables.and_then(|all| all.get(name)?.get("default")?.as_str());
        made.push_str(before);
        match default {
            Some(default) if default.len() <= MAX_ADDRESS => made.push_str(default),
            Some(_) => return None,
            None => made.push_str(&format!("{{{name}}}")),
        }
        rest = after;
        if made.len() > MAX_ADDRESS {
            return None;
        }
    }
    made.push_str(rest);
    (made.len() <= MAX_ADDRESS).then_some(made)
}

impl<'a> Reader<'a> {
    fn offer(&self, at: String, found: &Found<'a>) -> Result<Offer, String> {
        let Found { path, item, operation, .. } = *found;
        if UNUSED.contains(&found.method) {
            return Err(format!("{} is no method that tools use", found.method.to_ascii_uppercase()));
        }
        let plain = path.bytes().all(|b| b.is_ascii_graphic()) && !path.to_ascii_lowercase().contains("%2e");
        if path.len() > MAX_PATH || !path.starts_with('/') || !plain || !template::is_simple(path) {
            return Err(format!(
                "its path is none that can be filled: it begins with one slash, has {MAX_PATH} plain characters at most, \
                 and a variable is a whole segment with a name of letters, digits and _"
            ));
        }
        if [item, operation].iter().any(|holder| holder.get("servers").is_some()) {
            return Err("it names servers of its own, and tools send to the provider's address alone".to_owned());
        }
        self.schemas.begin();
        let mut left_out = Vec::new();
        let parameters = self.described(found, &mut left_out)?;
        let unsaid = template::variables(path).find(|name| {
            !parameters.iter().any(|known| known.parameter.place == Place::Path && known.parameter.name == *name)
        });
        if let Some(name) = unsaid {
            return Err(format!("its path has a variable `{name}`, and no parameter says what that is"));
        }
        let body = self.sent(&at, found, &mut left_out)?;
        let words = |key: &str| cut(operation.get(key).and_then(Value::as_str).unwrap_or_default(), MAX_WORDS);
        let id = operation.get("operationId").and_then(Value::as_str).map(|id| cut(id, MAX_PATH));
        Ok(Offer {
            id,
            method: found.method.to_ascii_uppercase(),
            path: path.to_owned(),
            summary: words("summary"),
            description: words("description"),
            deprecated: operation.get("deprecated") == Some(&Value::Bool(true)),
            parameters,
            body,
            answers_file: self.answers_file(operation),
            left_out,
            at,
        })
    }

    /// What it takes in path, query and headers; the parameters of an operation replace those of its path.
    fn described(&self, found: &Found<'a>, left_out: &mut Vec<String>) -> Result<Vec<Described>, String> {
        let mut all: Vec<Described> = Vec::new();
        for holder in [found.item, found.operation] {
            let listed = holder.get("parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            if listed.len() > MAX_PARAMETERS {
                return Err(format!("it has {} parameters, and may have {MAX_PARAMETERS}", listed.len()));
            }
            for (at, described) in listed.iter().enumerate() {
                let told = |why: String| format!("parameters[{at}]: {why}");
                let described = followed(self.document, described).map_err(|error| told(error.to_string()))?;
                match self.one(found, described) {
                    Ok(Some(one)) => {
                        let is = |known: &Described| {
                            known.parameter.name == one.parameter.name
                                && known.parameter.place == one.parameter.place
                                && known.in_header == one.in_header
                        };
                        all.retain(|known| !is(known));
                        all.push(one);
                    }
                    Ok(None) => {}
                    Err(Unfit { why, needed: true }) => return Err(told(why)),
                    Err(Unfit { why, needed: false }) => left_out.push(told(why)),
                }
            }
        }
        Ok(all)
    }

    /// One parameter; nothing for a variable that the path doesn't have.
    fn one(&self, found: &Found<'a>, described: &Value) -> Result<Option<Described>, Unfit> {
        let word = |key: &str| described.get(key).and_then(Value::as_str);
        let name = word("name").unwrap_or_default();
        let place = word("in").unwrap_or_default();
        let needed = place == "path" || described.get("required") == Some(&Value::Bool(true));
        let unfit = |why: &str| Unfit { why: format!("`{}` {why}", cut(name, 60)), needed };
        let (place, in_header) = match place {
            "path" if !template::variables(found.path).any(|known| known == name) => return Ok(None),
            "path" => (Place::Path, false),
            "query" => (Place::Query, false),
            "header" => (Place::Query, true),
            "cookie" => return Err(unfit("is a cookie, and tools send none")),
            _ => return Err(unfit("says no place that a parameter can be in")),
        };
        if described.get("content").is_some() {
            return Err(unfit("is a document within a parameter (`content`)"));
        }
        let usual = if place == Place::Query && !in_header { "form" } else { "simple" };
        if word("style").is_some_and(|style| style != usual) {
            return Err(unfit(&format!("is written in a style other than `{usual}`")));
        }
        let failed = |error: Error| Unfit { why: format!("`{}`: {error}", cut(name, 60)), needed: true };
        let own = described.get("schema").map(|own| self.schemas.followed(own)).transpose().map_err(failed)?;
        let empty = Value::Object(Map::new());
        let own = own.unwrap_or(&empty);
        let is_object = own.get("type").is_some_and(|kind| kind == "object") || own.get("properties").is_some();
        if is_object {
            return Err(unfit("is an object outside the body"));
        }
        let parameter = self.placed(described, place).map_err(failed)?;
        let said = word("description").or_else(|| own.get("description").and_then(Value::as_str));
        let description = cut(said.unwrap_or_default(), MAX_WORDS / 4);
        self.schemas.count(description.len()).map_err(failed)?;
        // One header stands there once.
        let parameter = Parameter { repeated: parameter.repeated && !in_header, ..parameter };
        Ok(Some(Described { parameter, in_header, description }))
    }

    /// The body; nothing if there is none, or none that can be sent and it need not be.
    fn sent(&self, at: &str, found: &Found<'a>, left_out: &mut Vec<String>) -> Result<Option<Body>, String> {
        let Some(body) = found.operation.get("requestBody") else { return Ok(None) };
        let told = |why: String| format!("requestBody: {why}");
        let body = followed(self.document, body).map_err(|error| told(error.to_string()))?;
        let required = body.get("required") == Some(&Value::Bool(true));
        let content = body.get("content").and_then(Value::as_object);
        let kinds: Vec<_> = content.into_iter().flatten().take(MAX_FORMS).collect();
        let of = |fits: fn(&str) -> bool| kinds.iter().find(|(kind, _)| fits(kind)).map(|(_, media)| *media);
        let json = of(is_json).map(|media| (media, false));
        let chosen = json
            .or_else(|| of(|kind| kind.starts_with("application/x-www-form-urlencoded")).map(|media| (media, true)));
        let reads = matches!(found.method, "get" | "delete");
        let why = match chosen {
            _ if reads => format!("{} carries no body here", found.method.to_ascii_uppercase()),
            None => {
                let names: Vec<_> = kinds.iter().map(|(kind, _)| cut(kind, 60)).collect();
                format!(
                    "it is {}, and JSON and forms are sent",
                    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
                )
            }
            Some((media, form)) => {
                let schema = match media.get("schema") {
                    Some(described) => self.schemas.read(described, at).map_err(|error| told(error.to_string()))?,
                    None => Schema { kind: Some("any".to_owned()), ..Schema::default() },
                };
                return Ok(Some(Body { form, required, schema }));
            }
        };
        // Descriptions often forget to say that an upload needs its file.
        if required || !reads {
            return Err(told(why));
        }
        left_out.push(told(why));
        Ok(None)
    }

    /// Whether all that it answers when it goes well is something else than JSON.
    fn answers_file(&self, operation: &Value) -> bool {
        let answers = operation.get("responses").and_then(Value::as_object).into_iter().flatten().take(MAX_FORMS);
        let good = answers
            .filter(|(status, _)| status.starts_with('2'))
            .filter_map(|(_, answer)| followed(self.document, answer).ok());
        let mut kinds = good
            .filter_map(|answer| answer.get("content")?.as_object())
            .flat_map(|content| content.keys().take(MAX_FORMS))
            .peekable();
        kinds.peek().is_some() && !kinds.any(|kind| is_json(kind) || kind.contains("*/*"))
    }
}

/// A parameter that can't be sent.
struct Unfit {
    why: String,
    needed: bool,
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json")) || kind == "*/*"
}

/// No more than so many bytes of a text.
fn cut(text: &str, most: usize) -> String {
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= most).last();
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}
