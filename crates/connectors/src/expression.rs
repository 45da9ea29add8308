//! One-line expressions, typed: a number stays a number, and what is absent leaves its target out. They have no
//! functions, a handful of filters, no multiplication (it repeats texts without bound), and fuel.

use crate::Failure;
use minijinja::value::{Serde, Value as Typed, ValueKind};
use minijinja::{Environment, ErrorKind, Expression as Compiled, UndefinedBehavior, filters, tests as conditions};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The longest expression, in bytes.
const MAX_BYTES: usize = 500;
/// Steps that one evaluation may take; looking through 64 bytes is one. A text argument that an expression reads has
/// 100,000 characters at most, unless its file says otherwise, so that several looks at it are paid for.
const FUEL: u64 = 50_000;
/// The longest text that is put into quotes, in bytes.
const MAX_QUOTED: usize = 10_000;

/// From this size on, in bytes and elements, an argument is what used the fuel up.
const LONG: usize = 10_000;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(32);
    environment.add_filter("decoded", decoded);
    environment.add_filter("default", filters::default);
    environment.add_filter("find", find);
    environment.add_filter("int", filters::int);
    environment.add_filter("join", filters::join);
    environment.add_filter("length", filters::length);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("min", filters::min);
    environment.add_filter("pieces", pieces);
    environment.add_filter("quoted", quoted);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("upper", filters::upper);
    environment.add_filter("wrap", wrap);
    environment.add_test("defined", conditions::is_defined);
    environment.add_test("true", conditions::is_true);
    environment.add_test("false", conditions::is_false);
    environment
});

/// A compiled expression.
#[derive(Debug)]
pub struct Expression {
    compiled: Compiled<'static, 'static>,
    roots: BTreeSet<String>,
    /// Where the expression is nothing but a name with members: then its value is taken as it stands.
    path: Option<Vec<String>>,
}

impl Expression {
    /// Compiles one line.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn compile(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("the expression has {} bytes; {MAX_BYTES} at most", text.len()));
        }
        if text.contains(['\n', '*']) {
            return Err("an expression is one line, without multiplication or powers".to_owned());
        }
        let compiled = ENVIRONMENT
            .compile_expression_owned(text.to_owned())
            .map_err(|error| format!("the expression `{text}` does not compile: {error}"))?;
        let roots: BTreeSet<String> = compiled.undeclared_variables(false).into_iter().collect();
        let path: Vec<String> = text.split('.').map(str::to_owned).collect();
        let plain = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let path = (path.iter().all(plain) && path.first().is_some_and(|root| roots.contains(root))).then_some(path);
        Ok(Self { compiled, roots, path })
    }

    /// The names that it reads, with members: `input.query`.
    #[must_use]
    pub fn reads(&self) -> BTreeSet<String> {
        self.compiled.undeclared_variables(true).into_iter().collect()
    }

    /// Its value; nothing where it is undefined or null, so that its target is left out. Undefined members of objects
    /// are left out too; null members stay: in a patch they take something away.
    ///
    /// # Errors
    /// What it reads is too long, or cannot be computed with.
    pub fn value(&self, scope: &Map<String, Value>) -> Result<Option<Value>, Unusable> {
        if let Some(path) = &self.path {
            return Ok(lookup(scope, path).filter(|value| !value.is_null()).cloned());
        }
        let value = self.typed(scope)?;
        if value.is_none() { Ok(None) } else { json(&value).map_err(Unusable::Defect) }
    }

    /// Whether its value counts as true.
    ///
    /// # Errors
    /// What it reads is too long, or cannot be computed with.
    pub fn holds(&self, scope: &Map<String, Value>) -> Result<bool, Unusable> {
        Ok(self.typed(scope)?.is_true())
    }

    /// Only the names that it reads are handed over: saved answers may be large.
    fn typed(&self, scope: &Map<String, Value>) -> Result<Typed, Unusable> {
        let needed = scope.iter().filter(|(name, _)| self.roots.contains(*name));
        let needed = needed.map(|(name, value)| (name.clone(), Typed::from(Serde(value))));
        self.compiled.eval(Typed::from_pairs(needed)).map_err(|error| match error.kind() {
            ErrorKind::OutOfFuel => self.too_long(scope),
            _ => Unusable::Defect(error.to_string()),
        })
    }

    /// Whose doing it is that the fuel ran out.
    fn too_long(&self, scope: &Map<String, Value>) -> Unusable {
        let reads = self.reads();
        let arguments = reads.iter().filter_map(|read| read.strip_prefix("input.")?.split('.').next());
        let is_long = |name: &&str| scope.get("input").and_then(|input| input.get(*name)).is_some_and(is_long);
        let long: BTreeSet<String> = arguments.filter(is_long).map(str::to_owned).collect();
        if long.is_empty() {
            let reads = reads.into_iter().collect::<Vec<_>>().join(", ");
            return Unusable::Defect(format!("what an expression reads is too long for it: {reads}"));
        }
        Unusable::TooLong(long)
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// These arguments are longer than an expression can look through.
    TooLong(BTreeSet<String>),
    /// The file, or an answer that it did not foresee, in words.
    Defect(String),
}

impl Unusable {
    /// As a failure of the call: what is too long is for the caller to shorten, the rest is not, and is `otherwise`.
    #[must_use]
    pub fn failure(self, otherwise: impl FnOnce(String) -> Failure) -> Failure {
        match self {
            Self::TooLong(arguments) => {
                let named = arguments.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                Failure::invalid(format!("too long to be worked with: {named}. Make it shorter and call again."))
            }
            Self::Defect(why) => otherwise(why),
        }
    }
}

/// Whether a value is so long that looking through it a few times may use an expression's fuel up.
fn is_long(value: &Value) -> bool {
    let mut left = LONG;
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        let size = match value {
            Value::String(text) => text.len(),
            Value::Array(items) => {
                rest.extend(items.iter().take(left));
                items.len()
            }
            Value::Object(members) => {
                rest.extend(members.values().take(left));
                members.len()
            }
            _ => 0,
        };
        match left.checked_sub(size) {
            Some(less) if less > 0 => left = less,
            _ => return true,
        }
    }
    false
}

/// The value that a path of names leads to.
fn lookup<'a>(scope: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (root, members) = path.split_first()?;
    members.iter().try_fold(scope.get(root)?, |value, member| value.get(member))
}

/// Each element as the one member of an object: `['a'] | wrap('email')` is `[{email: 'a'}]`.
fn wrap(list: &Typed, member: &str) -> Result<Typed, minijinja::Error> {
    if list.is_undefined() || list.is_none() {
        return Ok(Typed::UNDEFINED);
    }
    let objects = list.try_iter()?.map(|element| Typed::from_pairs([(member.to_owned(), element)]));
    Ok(objects.collect::<Vec<_>>().into())
}

/// The first object of a list whose member of this name has this value; undefined where there is none.
fn find(list: &Typed, member: &str, value: &Typed) -> Result<Typed, minijinja::Error> {
    if list.is_undefined() || list.is_none() || value.is_undefined() {
        return Ok(Typed::UNDEFINED);
    }
    let found = list.try_iter()?.find(|one| one.get_attr(member).is_ok_and(|own| own == *value));
    Ok(found.unwrap_or(Typed::UNDEFINED))
}

/// A text with its percent signs undone, for apps that give ids as they stand in addresses: `'%3AUPp' | decoded` is
/// `':UPp'`. What would be no text stays as it is.
fn decoded(text: &Typed) -> Typed {
    let Some(plain) = text.as_str() else { return text.clone() };
    percent_decode_str(plain).decode_utf8().map_or_else(|_| text.clone(), |read| Typed::from(read.into_owned()))
}

/// A text in pieces of at most so many UTF-16 units, as apps count that are written in JavaScript; undefined where there
/// is none. No sign is torn apart.
fn pieces(text: &Typed, most: usize) -> Typed {
    let Some(plain) = text.as_str() else { return Typed::UNDEFINED };
    let mut pieces = vec![String::new()];
    let mut units = 0;
    for sign in plain.chars() {
        if units + sign.len_utf16() > most && units > 0 {
            pieces.push(String::new());
            units = 0;
        }
        units += sign.len_utf16();
        if let Some(last) = pieces.last_mut() {
            last.push(sign);
        }
    }
    pieces.into()
}

/// A text in single quotes, those and backslashes in it behind a backslash, as search languages have it. A short one:
/// each time it may be twice as long.
fn quoted(text: &str) -> Result<String, minijinja::Error> {
    if text.len() > MAX_QUOTED {
        let why = format!("a text of {} bytes is not quoted; {MAX_QUOTED} at most", text.len());
        return Err(minijinja::Error::new(ErrorKind::InvalidOperation, why));
    }
    Ok(format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")))
}

/// As JSON, without what is undefined.
fn json(value: &Typed) -> Result<Option<Value>, String> {
    let said = |error: minijinja::Error| error.to_string();
    match value.kind() {
        ValueKind::Undefined => Ok(None),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().map_err(said)?.map(|item| json(&item));
            Ok(Some(items.filter_map(Result::transpose).collect::<Result<_, _>>()?))
        }
        ValueKind::Map => {
            let mut members = Map::new();
            for key in value.try_iter().map_err(said)? {
                if let Some(member) = json(&value.get_item(&key).map_err(said)?)? {
                    members.insert(key.to_string(), member);
                }
            }
            Ok(Some(Value::Object(members)))
        }
        _ => serde_json::to_value(value).map(Some).map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureKind;
    use serde_json::json;

    fn value(text: &str, scope: &Value) -> Option<Value> {
        Expression::compile(text).unwrap().value(scope.as_object().unwrap()).unwrap()
    }

    #[test]
    fn types_are_kept() {
        let scope = json!({"input": {"n": 3, "on": true, "list": ["a", "b"], "x": 1.5}});
        assert_eq!(value("input.n", &scope), Some(json!(3)));
        assert_eq!(value("input.n + 1", &scope), Some(json!(4)));
        assert_eq!(value("input.x", &scope), Some(json!(1.5)));
        assert_eq!(value("input.on", &scope), Some(json!(true)));
        assert_eq!(value("[input.n, 2] | min", &scope), Some(json!(2)));
        assert_eq!(value("input.list | wrap('email')", &scope), Some(json!([{"email": "a"}, {"email": "b"}])));
        assert_eq!(value("'all' if input.on else 'none'", &scope), Some(json!("all")));
    }

    #[test]
    fn what_is_absent_is_left_out() {
        let scope = json!({"input": {"a": 1, "nothing": null}});
        assert_eq!(value("input.b", &scope), None);
        assert_eq!(value("input.b.c.d", &scope), None);
        assert_eq!(value("saved.b", &scope), None);
        assert_eq!(value("none", &scope), None);
        assert_eq!(value("input.b | wrap('email')", &scope), None);
        assert_eq!(value("{'a': input.a, 'b': input.b, 'c': input.nothing}", &scope), Some(json!({"a": 1, "c": null})));
        assert_eq!(value("input.nothing", &scope), None);
    }

    #[test]
    fn a_text_is_cut_into_pieces_and_an_id_is_read_as_it_is() {
        let scope = json!({"input": {"text": "ab🥑cd", "id": "%3AUPp", "bad": "%ff", "key": "x"}});
        assert_eq!(value("input.text | pieces(3)", &scope), Some(json!(["ab", "🥑c", "d"])));
        assert_eq!(value("input.text | pieces(1)", &scope), Some(json!(["a", "b", "🥑", "c", "d"])));
        let rich = "{input.key: input.text | pieces(9) | wrap('content') | wrap('text'), 'no': input.no | pieces(9)}";
        assert_eq!(value(rich, &scope), Some(json!({"x": [{"text": {"content": "ab🥑cd"}}]})));
        assert_eq!(value("input.no | pieces(3) | wrap('content')", &scope), None);
        assert_eq!(value("input.id | decoded", &scope), Some(json!(":UPp")));
        assert_eq!(value("input.bad | decoded", &scope), Some(json!("%ff")));
        assert_eq!(value("input.no | decoded", &scope), None);
    }

    #[test]
    fn an_object_is_found_by_a_member() {
        let scope = json!({"input": {"kind": "b"}, "saved": {"all": [{"id": 1, "kind": "a"}, {"id": 2, "kind": "b"}, {"id": 3, "kind": "b"}, 4]}});
        assert_eq!(value("(saved.all | find('kind', input.kind)).id", &scope), Some(json!(2)));
        assert_eq!(value("(saved.all | find('kind', 'c')).id", &scope), None);
        assert_eq!(value("(saved.all | find('kind', input.no)).id", &scope), None);
        assert_eq!(value("(saved.none | find('kind', 'a')).id", &scope), None);
    }

    #[test]
    fn what_it_reads_is_known() {
        let reads = Expression::compile("input.a if saved.b.c else times").unwrap().reads();
        assert_eq!(reads.into_iter().collect::<Vec<_>>(), ["input.a", "saved.b.c", "times"]);
    }

    #[test]
    fn a_quoted_text_stays_one_text_and_does_not_grow_for_ever() {
        let scope = json!({"input": {"q": "it's a \\ ' or name = 'x", "long": "'".repeat(20_000)}});
        let expected = r"name = 'it\'s a \\ \' or name = \'x'";
        assert_eq!(value("'name = ' ~ (input.q | quoted)", &scope), Some(json!(expected)));
        let chain = format!("input.q{}", " | quoted".repeat(50));
        for text in ["input.long | quoted", "input.none | quoted", &chain] {
            assert!(Expression::compile(text).unwrap().value(scope.as_object().unwrap()).is_err(), "{text}");
        }
    }

    #[test]
    fn an_expression_ends_and_stays_small() {
        for text in ["'a' * 1000000000", "2 ** 100000", "range(1000000000)", "debug()", "cycler(1)", "1 +", "a\nb"] {
            let given = Expression::compile(text).ok().and_then(|compiled| compiled.value(&Map::new()).ok());
            assert_eq!(given, None, "{text}");
        }
        assert!(Expression::compile(&"a+".repeat(300)).is_err());
    }

    #[test]
    fn the_longest_text_that_an_argument_has_does_not_use_it_up() {
        let looks =
            "not input.z and (input.x | length > 10 and not ('Z' in input.x or '+' in input.x or '-' in input.x[10:]))";
        let text = |length| json!({"input": {"x": "𝟚".repeat(length)}});
        let expression = Expression::compile(looks).unwrap();
        assert_eq!(expression.holds(text(100_000).as_object().unwrap()), Ok(true));
        let unusable = expression.holds(text(2_000_000).as_object().unwrap()).unwrap_err();
        let failure = unusable.failure(|why| panic!("{why}"));
        assert_eq!(failure.kind, FailureKind::InvalidInput);
        assert_eq!(failure.message, "too long to be worked with: `x`. Make it shorter and call again.");
    }

    /// A list of many, a text in an object, and an answer that no argument made long.
    #[test]
    fn who_made_it_too_long_is_told() {
        let looked = |input: Value, saved: Value| {
            let compiled = Expression::compile("input.a in input.b or (input.b | length) in saved.c").unwrap();
            let scope = json!({"input": input, "saved": {"c": saved}});
            let unusable = compiled.holds(scope.as_object().unwrap()).unwrap_err();
            unusable.failure(|why| Failure::new(FailureKind::Upstream, why))
        };
        let many = looked(json!({"a": "x", "b": vec!["y"; 4_000_000]}), json!([]));
        assert_eq!((many.kind, many.message.contains("`b`. ")), (FailureKind::InvalidInput, true), "{many}");
        let answer = looked(json!({"a": "x", "b": ["y"]}), json!(vec!["z"; 4_000_000]));
        assert_eq!((answer.kind, answer.message.contains("saved.c")), (FailureKind::Upstream, true), "{answer}");
    }

    #[test]
    fn fuel_runs_out() {
        let mut environment = ENVIRONMENT.clone();
        environment.set_fuel(Some(3));
        let spent =
            environment.compile_expression("a + a + a + a").unwrap().eval(minijinja::context!(a => 1)).unwrap_err();
        assert!(spent.to_string().contains("fuel"), "{spent}");
        assert_eq!(ENVIRONMENT.fuel(), Some(FUEL));
    }
}
