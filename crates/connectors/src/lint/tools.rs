//! A tool's face: its name, what models read, its expressions, shapes and natives.

use super::problems::{Author, Problems};
use crate::expression::Expression;
use crate::file::{AnswerForm, Empty, Field, File, ToolFile};
use crate::input::Input;
use crate::native;
use crate::plan::ANSWER;
use crate::shape::Shape;
use std::collections::BTreeSet;
use valetkey_domain::tool::{Effect, MAX_NAME};

/// The shortest description that can tell a model anything.
const MIN_WORDS: usize = 15;
/// The longest description, in characters: OpenAI's API takes no more.
const MAX_WORDS: usize = 1_024;
/// What a shipped tool may cost in a model's context: name, description and arguments as they are listed, in bytes. The
/// heaviest of them takes nine tenths of it, the one in the middle a seventh.
const MAX_WEIGHT: usize = 4_000;
/// How many keywords a tool has at most, and how many bytes each: they are weighed against its name.
const MAX_KEYWORDS: usize = 10;
const MAX_KEYWORD: usize = 60;
/// The longest advice on how to read on, in bytes: it has to fit into the smallest answer.
const MAX_READ_ON: usize = 500;

pub(super) fn check(file: &File, name: &str, tool: &ToolFile, author: Author, problems: &mut Problems) {
    let at = format!("tools.{name}");
    let ours = name.strip_prefix(file.connector.as_str()).is_some_and(|rest| rest.starts_with('_'));
    problems.demand(ours, &at, &format!("a tool's name begins with `{}_`", file.connector));
    let input = face(!file.account_fields.is_empty(), name, tool, author, problems);
    if let Some(Err(failure)) = input.map(|input| input.check("the example", &tool.example)) {
        problems.add(format!("{at}.example"), failure.message);
    }
}

/// What is demanded of a tool wherever it comes from; gives its arguments, if they compile. `accounts` says whether accounts
/// have fields that expressions read.
pub(super) fn face(
    accounts: bool,
    name: &str,
    tool: &ToolFile,
    author: Author,
    problems: &mut Problems,
) -> Option<Input> {
    let at = format!("tools.{name}");
    let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    problems.demand(name.len() <= MAX_NAME && name.chars().all(named), &at, "a name has at most 64 of a-z, 0-9 and _");
    problems.demand(tool.description.trim().len() >= MIN_WORDS, &format!("{at}.description"), "says too little");
    let short = tool.description.trim().chars().count() <= MAX_WORDS;
    problems.demand(short, &format!("{at}.description"), &format!("has more than {MAX_WORDS} characters"));
    problems.demand(!tool.title.trim().is_empty(), &format!("{at}.title"), "is empty");
    keywords(&at, &tool.keywords, problems);
    for (field_name, field) in tool.input.iter() {
        let at = format!("{at}.input.{field_name}");
        field_alone(&at, field, problems);
        emptied(&at, field, tool.effect, problems);
    }
    let input = arguments(&at, name, tool, author, problems);
    steps(&at, tool, author, problems);
    expressions(accounts, &at, tool, problems);
    output(&at, tool, problems);
    input
}

fn keywords(at: &str, keywords: &[String], problems: &mut Problems) {
    let at = format!("{at}.keywords");
    problems.demand(keywords.len() <= MAX_KEYWORDS, &at, &format!("there are at most {MAX_KEYWORDS} of them"));
    let each: BTreeSet<String> = keywords.iter().map(|phrase| phrase.trim().to_lowercase()).collect();
    problems.demand(each.len() == keywords.len(), &at, "one of them is there twice");
    for phrase in keywords {
        let fits = phrase.chars().any(char::is_alphanumeric) && phrase.len() <= MAX_KEYWORD;
        let said: String = phrase.chars().take(MAX_KEYWORD).collect();
        problems.demand(fits, &at, &format!("`{said}` is no phrase of at most {MAX_KEYWORD} bytes"));
    }
}

fn field_alone(at: &str, field: &Field, problems: &mut Problems) {
    let kinds = ["string", "integer", "number", "boolean", "array", "object"];
    problems.demand(kinds.contains(&field.kind.as_str()), at, &format!("`{}` is no JSON type", field.kind));
    problems.demand(field.description.trim().len() >= MIN_WORDS, at, "its description says too little");
    problems.demand((field.kind == "array") == field.items.is_some(), at, "a list, and nothing else, has `items`");
    let members = field.kind == "object" || (field.members.is_none() && field.needs.is_empty());
    problems.demand(members, at, "an object, and nothing else, has `members` and `needs`");
    problems.demand(!(field.required && field.default.is_some()), at, "what is required needs no default");
    problems.demand(
        (field.map == "none") == field.because.is_some(),
        at,
        "`map: none`, and nothing else, has a `because`",
    );
}

/// What is said of an empty value can come true where the argument goes.
fn emptied(at: &str, field: &Field, effect: Effect, problems: &mut Problems) {
    let sent = field.map != "none" && !field.map.starts_with("path.");
    let member = field.empty != Empty::AsNull || field.map.starts_with("body.");
    problems.demand(member, at, "`empty: as_null` is for a member of the body");
    problems.demand(field.empty == Empty::Absent || sent, at, "`empty` is for what may be sent empty");
    let changes = field.empty != Empty::ByClear || effect != Effect::Read;
    problems.demand(changes, at, "`empty: by_clear` is for tools that change something");
}

/// The schema compiles, and its defaults are valid.
fn arguments(at: &str, name: &str, tool: &ToolFile, author: Author, problems: &mut Problems) -> Option<Input> {
    let input = Input::compile(&tool.input, tool.versions, &tool.one_of);
    let input = match input.and_then(|input| input.sound().map(|()| input)) {
        Ok(input) => input,
        Err(why) => {
            problems.add(format!("{at}.input"), why);
            return None;
        }
    };
    let weight = name.len() + tool.description.trim().len() + input.listed().to_string().len();
    let why = format!("costs {weight} bytes in a model's context: {MAX_WEIGHT} at most");
    problems.demand(author == Author::User || weight <= MAX_WEIGHT, at, &why);
    for names in &tool.one_of {
        let optional =
            |name: &String| tool.input.get(name).is_some_and(|field| !field.required && field.default.is_none());
        let several = names.len() > 1 && names.iter().all(optional);
        problems.demand(several, &format!("{at}.one_of"), "names two or more optional arguments without a default");
    }
    if let Some(paginate) = &tool.paginate {
        let known = tool.input.get(&paginate.into).is_some();
        problems.demand(known, &format!("{at}.paginate.into"), "names no argument of this tool");
        let one = paginate.next.is_some() != paginate.link.is_some();
        problems.demand(one, &format!("{at}.paginate"), "has either `next` or `link`");
        let alone = paginate.link.is_none() || tool.steps.is_empty();
        problems.demand(
            alone,
            &format!("{at}.paginate.link"),
            "is for a tool without `steps`: which answer's would it be",
        );
    }
    Some(input)
}

fn steps(at: &str, tool: &ToolFile, author: Author, problems: &mut Problems) {
    let main = tool.steps.iter().filter(|step| step.call.as_ref() == Some(&tool.operation)).count();
    // Where no argument goes into it by its own `map`, several may: nothing would be sent twice.
    let mapped = tool.input.iter().any(|(_, field)| !matches!(field.map.as_str(), "none" | "expression"));
    let clear = main == 1 || (main > 1 && !mapped);
    problems.demand(tool.steps.is_empty() || clear, at, "exactly one step calls the tool's own operation");
    let bare = tool.steps.is_empty() || (tool.set.is_empty() && tool.with.is_empty());
    problems.demand(bare, at, "with steps, `set` and `with` stand in them");
    let plain = tool.steps.is_empty() || tool.answer == AnswerForm::Json;
    problems.demand(plain, at, "with steps, `answer` stands in the one whose request is answered with a file");
    let mut saved = BTreeSet::from(["input", "call", "account"]);
    for (index, step) in tool.steps.iter().enumerate() {
        let at = format!("{at}.steps[{index}]");
        problems.demand(step.call.is_some() != step.native.is_some(), &at, "a step has either `call` or `native`");
        if let Some(name) = &step.native {
            problems.demand(author == Author::Us, &at, "a file of one's own may name no native");
            problems.demand(native::by_name(name).is_some(), &at, &format!("there is no native `{name}`"));
        }
        let sent = step.call.is_some() || step.answer == AnswerForm::Json;
        problems.demand(sent, &at, "a native answers no file");
        let fresh = saved.insert(step.save.as_deref().unwrap_or(ANSWER));
        problems.demand(fresh, &at, "another step saves under this name");
        let plain = step.for_each.is_some() || (step.element.is_none() && step.skip.is_empty() && step.limit.is_none());
        problems.demand(plain, &at, "`as`, `skip` and `limit` belong to `for_each`");
    }
}

/// Every expression compiles and reads only what is there: arguments, what the account says of itself, and what earlier
/// steps saved.
fn expressions(accounts: bool, at: &str, tool: &ToolFile, problems: &mut Problems) {
    let mut used = BTreeSet::new();
    let mut saved: BTreeSet<String> = accounts.then(|| "account".to_owned()).into_iter().collect();
    for (target, text) in tool.with.iter() {
        used.extend(expression(&format!("{at}.with.{target}"), text, tool, &saved, problems));
    }
    for (index, step) in tool.steps.iter().enumerate() {
        let at = format!("{at}.steps[{index}]");
        for (key, text) in [("when", &step.when), ("for_each", &step.for_each)] {
            if let Some(text) = text {
                used.extend(expression(&format!("{at}.{key}"), text, tool, &saved, problems));
            }
        }
        let element = step.for_each.is_some().then(|| step.element.clone().unwrap_or_else(|| "item".to_owned()));
        let fresh = element.filter(|element| saved.insert(element.clone()));
        for (target, text) in step.with.iter() {
            used.extend(expression(&format!("{at}.with.{target}"), text, tool, &saved, problems));
        }
        if let Some(element) = fresh {
            saved.remove(&element);
        }
        saved.insert(step.save.clone().unwrap_or_else(|| ANSWER.to_owned()));
    }
    let natives = tool.steps.iter().any(|step| step.native.is_some());
    let shape = tool.output.shape.as_deref().unwrap_or_default();
    for (name, _) in tool.input.iter().filter(|(_, field)| field.map == "expression") {
        let whole = format!("input.{name}");
        let computed = used.iter().any(|read| *read == whole || read.starts_with(&format!("{whole}.")));
        let read = natives || computed || shape.contains(&format!(".{whole}"));
        problems.demand(read, &format!("{at}.input.{name}"), "no expression reads it");
    }
}

/// What one expression reads.
fn expression(
    at: &str,
    text: &str,
    tool: &ToolFile,
    saved: &BTreeSet<String>,
    problems: &mut Problems,
) -> BTreeSet<String> {
    let reads = match Expression::compile(text) {
        Ok(compiled) => compiled.reads(),
        Err(why) => {
            problems.add(at, why);
            return BTreeSet::new();
        }
    };
    for read in &reads {
        let mut parts = read.split('.');
        let (root, member) = (parts.next().unwrap_or_default(), parts.next());
        let known = match (root, member) {
            ("input", Some(argument)) => tool.input.get(argument).is_some(),
            ("input", None) | ("call", Some("id")) => true,
            (other, _) => saved.contains(other),
        };
        problems.demand(known, at, &format!("reads `{read}`, which is not there"));
    }
    reads
}

fn output(at: &str, tool: &ToolFile, problems: &mut Problems) {
    let next = tool.paginate.as_ref().and_then(|paginate| paginate.next.as_ref());
    for text in tool.output.shape.iter().chain(next) {
        if let Err(why) = Shape::compile(text) {
            problems.add(format!("{at}.output"), why.to_string());
        }
    }
    let whole = tool.output.list.is_none() || tool.output.read_on.is_some();
    problems.demand(whole, &format!("{at}.output"), "a list that may be cut needs `read_on`");
    let short = tool.output.read_on.as_ref().is_none_or(|words| words.len() <= MAX_READ_ON);
    problems.demand(
        short,
        &format!("{at}.output.read_on"),
        "is longer than 500 bytes, which an answer has no room for",
    );
    let sane = tool.output.max_bytes.is_none_or(|bytes| (2_000..=10_000_000).contains(&bytes));
    problems.demand(sane, &format!("{at}.output.max_bytes"), "is not from 2,000 to 10,000,000");
}
