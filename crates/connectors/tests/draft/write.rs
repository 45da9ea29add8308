//! A draft of a connector file, made of a vendor's digest and a table of the tools that there shall be: what the two say is
//! written down, what a person has to decide is marked with DECIDE, which the check refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use valetkey_connectors::lint::names::Documented;
use valetkey_vendor::{Digest, Operation, Place, Schema};

/// How like the words of a name an operation's must be to be written down: half of them.
const LIKE: f64 = 0.5;

/// An argument, and where it goes.
struct Argument<'a> {
    name: &'a str,
    kind: &'a str,
    required: bool,
    /// Whether the app wants it always though it may be left out here: then it needs a default.
    wanted: bool,
    place: Option<Spot>,
}

/// A place of a request that takes an argument.
struct Spot {
    target: String,
    kind: String,
    allowed: Vec<String>,
    bounds: [Option<i64>; 2],
    repeated: bool,
}

/// The draft.
pub(crate) fn draft(connector: &str, digest: &Digest, kind: &str, names: &[Documented]) -> String {
    let (mut tools, mut waits) = (String::new(), Vec::new());
    for one in names {
        match nearest(connector, digest, &one.name).and_then(|operation| tool(connector, digest, operation, one)) {
            Some(text) => tools.push_str(&text),
            None => waits.push(one.name.as_str()),
        }
    }
    let mut text = head(connector, digest, kind);
    if !waits.is_empty() {
        let _ =
            writeln!(text, "# No operation of the description was found for these, or it wants what they do not say.");
        let _ = writeln!(text, "not_yet:");
        for name in waits {
            let _ = writeln!(text, "  {name}: \"DECIDE: which operation it is, or why there is none\"");
        }
    }
    let _ = write!(text, "tools:\n{tools}");
    text
}

fn head(connector: &str, digest: &Digest, kind: &str) -> String {
    let host = digest.base_url.trim_start_matches("https://");
    let (id, sha256, origin) = (&digest.id, &digest.source_sha256, &digest.base_url);
    format!(
        "# A draft: DECIDE marks what has to be decided, and `connector check` names it.\n\
         connector: {connector}\ndisplay_name: \"DECIDE: the app's name\"\nupstream: http\nbase_url: {origin}\n\
         proxy_url: {origin}\nhosts: [{host}]\ndescription: {{kind: {kind}, id: \"{id}\", sha256: {sha256}}}\n\
         auth:\n  - {{kind: oauth2, authorize_url: \"https://DECIDE/authorize\", token_url: \"https://DECIDE/token\"}}\n"
    )
}

/// One tool; none where the operation wants something that no argument says.
fn tool(connector: &str, digest: &Digest, operation: &Operation, one: &Documented) -> Option<String> {
    let pairs = one.required.iter().map(|pair| (pair, true)).chain(one.optional.iter().map(|pair| (pair, false)));
    let (mut taken, needs) = (BTreeSet::new(), wanted(digest, operation));
    let arguments: Vec<Argument<'_>> = pairs
        .map(|((name, kind), required)| {
            let place =
                spot(digest, operation, name).filter(|spot| takes(spot, kind) && taken.insert(spot.target.clone()));
            let needed = place.as_ref().is_some_and(|spot| needs.contains_key(&spot.target));
            Argument { name, kind, required, wanted: needed && !required, place }
        })
        .collect();
    let given = |target: &String| {
        arguments.iter().find(|argument| argument.place.as_ref().is_some_and(|spot| spot.target == *target))
    };
    // What no argument says is the same in every call: `me`, for instance.
    let constants: Vec<&String> = needs.keys().filter(|target| given(target).is_none()).collect();
    let sure = |(target, is_text): (&String, &bool)| match given(target) {
        Some(argument) => argument.required || argument.kind == "string",
        None => *is_text,
    };
    if !needs.iter().all(sure) {
        return None;
    }
    let effect = match operation.method.as_str() {
        "GET" => "read",
        "DELETE" => "destructive",
        _ => "write",
    };
    let title = words(one.name.strip_prefix(connector).unwrap_or(&one.name)).join(" ");
    let mut text = format!(
        "  {}:\n    title: {title}\n    description: \"DECIDE: what {} does, for a model to choose by.\"\n    operation: {}\n    effect: {effect}\n",
        one.name, operation.id, operation.id
    );
    if !operation.scopes.is_empty() {
        let _ = writeln!(text, "    scopes: {{any: {:?}}}", operation.scopes);
    }
    if one.versions {
        text.push_str("    versions: true\n");
    }
    if !constants.is_empty() {
        let all = constants.iter().map(|target| format!("{target}: DECIDE")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "    set: {{{all}}}");
    }
    if !arguments.is_empty() {
        text.push_str("    input:\n");
        arguments.iter().for_each(|argument| text.push_str(&written(argument)));
    }
    let example = arguments.iter().filter(|argument| argument.required).map(example).collect::<Vec<_>>().join(", ");
    let _ = writeln!(text, "    example: {{{example}}}\n");
    Some(text)
}

/// What the operation cannot be asked without, each with whether any text may stand there.
fn wanted(digest: &Digest, operation: &Operation) -> BTreeMap<String, bool> {
    let parameters = operation.parameters.iter().filter(|parameter| parameter.required);
    let parameters = parameters.map(|parameter| {
        let place = if parameter.place == Place::Path { "path" } else { "query" };
        (format!("{place}.{}", parameter.name), parameter.kind == "string" && parameter.allowed.is_empty())
    });
    let body = operation.body.iter().flat_map(|body| &digest.resolve(body).properties);
    let body = body.filter(|(_, member)| member.required_by.contains(&operation.id));
    let body = body.map(|(name, member)| {
        let member = digest.resolve(member);
        (format!("body.{name}"), member.kind.as_deref() == Some("string") && member.allowed.is_empty())
    });
    parameters.chain(body).collect()
}

/// The parameter or member of the body that is called so, however it is written.
fn spot(digest: &Digest, operation: &Operation, name: &str) -> Option<Spot> {
    let same = |other: &str| words(other).concat() == words(name).concat();
    let parameters = operation.parameters.iter().chain(&digest.parameters);
    if let Some(found) = { parameters }.find(|parameter| same(&parameter.name)) {
        let place = if found.place == Place::Path { "path" } else { "query" };
        return Some(Spot {
            target: format!("{place}.{}", found.name),
            kind: found.kind.clone(),
            allowed: found.allowed.clone(),
            bounds: [found.minimum, found.maximum],
            repeated: found.repeated,
        });
    }
    let (member, schema) =
        digest.resolve(operation.body.as_ref()?).properties.iter().find(|(member, _)| same(member))?;
    let schema: &Schema = digest.resolve(schema);
    Some(Spot {
        target: format!("body.{member}"),
        kind: schema.kind.clone().unwrap_or_else(|| "any".to_owned()),
        allowed: schema.allowed.clone(),
        bounds: [None, None],
        repeated: false,
    })
}

/// Whether a place takes an argument of this type as it is.
fn takes(spot: &Spot, kind: &str) -> bool {
    let same = spot.kind == kind || spot.kind == "any" || (spot.kind == "integer" && kind == "number");
    same && !spot.repeated
}

fn written(argument: &Argument<'_>) -> String {
    let Argument { name, kind, required, wanted, place } = argument;
    // Where a number is documented and only whole ones are taken, the argument says so.
    let kind = place.as_ref().filter(|place| place.kind == "integer" && *kind == "number").map_or(*kind, |_| "integer");
    let mut text = format!("      {name}: {{type: {kind}, description: \"DECIDE: what {name} says.\"");
    if *required {
        text.push_str(", required: true");
    }
    if *wanted {
        let first = place.as_ref().and_then(|place| place.allowed.first()).map_or("DECIDE", String::as_str);
        let _ = write!(text, ", default: \"{first}\"");
    }
    if kind == "array" {
        text.push_str(", items: {type: string}");
    }
    match place {
        None => text.push_str(", map: none, because: \"DECIDE: where it goes.\""),
        Some(place) => {
            if !place.allowed.is_empty() {
                let _ = write!(text, ", enum: {:?}", place.allowed);
            }
            for (key, bound) in ["minimum", "maximum"].into_iter().zip(place.bounds) {
                let _ = bound.map(|bound| write!(text, ", {key}: {bound}"));
            }
            let _ = write!(text, ", map: {}", place.target);
        }
    }
    text + "}\n"
}

fn example(argument: &Argument<'_>) -> String {
    let first = argument.place.as_ref().and_then(|place| place.allowed.first());
    let least = argument.place.as_ref().and_then(|place| place.bounds[0]).unwrap_or(1);
    let value = match (argument.kind, first) {
        (_, Some(word)) => format!("\"{word}\""),
        ("integer" | "number", None) => least.to_string(),
        ("boolean", None) => "true".to_owned(),
        ("array", None) => "[\"a\"]".to_owned(),
        ("object", None) => "{a: 1}".to_owned(),
        _ => "\"a\"".to_owned(),
    };
    format!("{}: {value}", argument.name)
}

/// The operation whose id has most of a tool's words, and few others.
fn nearest<'d>(connector: &str, digest: &'d Digest, tool: &str) -> Option<&'d Operation> {
    let asked: BTreeSet<String> = words(tool.strip_prefix(connector).unwrap_or(tool)).into_iter().collect();
    let like = |operation: &Operation| {
        let api = digest.id.split(':').next().unwrap_or_default();
        let id = operation.id.strip_prefix(api).unwrap_or(&operation.id);
        let has: BTreeSet<String> = words(id).into_iter().collect();
        let both = asked.intersection(&has).count();
        // Sørensen and Dice: twice what both have, of all that either has.
        f64::from(u32::try_from(2 * both).unwrap_or(0)) / f64::from(u32::try_from(asked.len() + has.len()).unwrap_or(1))
    };
    let best = digest.operations.values().max_by(|one, other| like(one).total_cmp(&like(other)))?;
    (like(best) >= LIKE).then_some(best)
}

/// The words of a name in lower case, singular as far as an `s` tells: `calendarList.list`, `list_calendars`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        let apart = !letter.is_ascii_alphanumeric();
        if apart || letter.is_ascii_uppercase() {
            words.push(String::new());
        }
        if let (false, Some(word)) = (apart, words.last_mut()) {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    let one = |word: String| word.strip_suffix('s').filter(|rest| rest.len() > 2).map(str::to_owned).unwrap_or(word);
    words.into_iter().map(one).collect()
}
