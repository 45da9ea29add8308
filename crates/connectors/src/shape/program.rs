//! Shapes that need more than a projection: compiled by jaq, run under a meter.

use super::bounds::{MAX_DEPTH, MAX_GIVEN};
use super::closed::{metered, offered};
use super::error::Error;
use super::meter::{Meter, Metered, natives};
use super::value::{from_jaq, to_jaq, weigh};
use jaq_core::compile::Errors;
use jaq_core::load::parse::{Def, Term};
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars, unwrap_valr};
use jaq_json::Val;
use serde_json::Value;
use std::fmt::{self, Write};

/// The name under which a shape's tree is handed to jaq, which loads modules from text only.
const MAIN: &str = "shape__";
/// The most of an error's text that is kept: jaq writes whole values into it.
const MAX_MESSAGE: usize = 160;

/// A compiled program.
pub(super) struct Program(Filter<Metered>);

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Program")
    }
}

impl Program {
    /// Compiles a term that [`check`](super::closed::check) has passed.
    pub(super) fn compile(term: Term<&str>) -> Result<Self, Error> {
        let main = Def { name: MAIN, args: Vec::new(), body: metered(term) };
        let library = jaq_core::defs()
            .chain(jaq_std::defs())
            .chain(jaq_json::defs())
            .filter(needed)
            // Not the identity: it shortens the lifetime that the library's text has.
            .map(shortened);
        let arena = Arena::default();
        let modules = Loader::new(library.chain([main]))
            .load(&arena, File { code: MAIN, path: () })
            .map_err(|_| Error::Syntax("it could not be loaded".to_owned()))?;
        let functions = jaq_core::funs().chain(jaq_std::base_funs()).chain(jaq_json::funs()).chain(natives());
        Compiler::default().with_funs(functions).compile(modules).map(Self).map_err(|errors| undefined(&errors))
    }

    /// Runs it on one value.
    pub(super) fn apply(&self, value: &Value, allowance: usize) -> Result<Value, Error> {
        let meter = Meter::new(&self.0.lut, allowance);
        let result = self.run(&meter, to_jaq(value));
        match meter.stopped() {
            Some(why) => Err(Error::Stopped(why)),
            None => result,
        }
    }

    fn run(&self, meter: &Meter<'_>, input: Val) -> Result<Value, Error> {
        let context = Ctx::<Metered>::new(meter, Vars::new([]));
        let mut outputs = self.0.id.run((context, input)).map(unwrap_valr);
        let Some(first) = outputs.next() else { return Ok(Value::Null) };
        let first = first.map_err(|error| Error::Unfit(clipped(&error)))?;
        match outputs.next() {
            // Parts that it shares are copied out.
            None => weigh(&first, MAX_GIVEN, MAX_DEPTH).map(|_| from_jaq(&first)).map_err(Error::Stopped),
            Some(Ok(_)) => Err(Error::Several),
            Some(Err(error)) => Err(Error::Unfit(clipped(&error))),
        }
    }
}

fn shortened<'s>(definition: Def<&'static str>) -> Def<&'s str> {
    definition
}

/// Library definitions that an offered filter may rest on. The others call natives that are not here.
fn needed(definition: &Def<&'static str>) -> bool {
    let inner = matches!(
        (definition.name, definition.args.len()),
        ("error" | "empty" | "isboolean" | "isnumber" | "isstring" | "isarray" | "isobject", _)
            | ("range", 2)
            | ("recurse", 1)
            | ("not" | "true" | "false" | "null", 0)
    );
    inner || offered(definition.name, definition.args.len())
}

fn undefined(errors: &Errors<&str, ()>) -> Error {
    let first = errors.iter().flat_map(|(_, errors)| errors).next();
    first.map_or_else(
        || Error::Syntax("it does not compile".to_owned()),
        |(name, what)| Error::Syntax(format!("there is no {} `{name}`", what.as_str())),
    )
}

/// The beginning of a message: the rest is never even formatted.
fn clipped(message: &impl fmt::Display) -> String {
    let mut clip = Clip(String::new());
    if write!(clip, "{message}").is_err() {
        clip.0.push('…');
    }
    clip.0
}

struct Clip(String);

impl Write for Clip {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.0.len() >= MAX_MESSAGE {
                return Err(fmt::Error);
            }
            self.0.push(c);
        }
        Ok(())
    }
}
