//! The meter: a fixed allowance per run, and the natives that draw on it.
//!
//! One unit is one value met or made, or 64 bytes of a string. As nothing is made but through a meter, the allowance
//! bounds steps, memory and, with them, time; and it does so alike on every machine, which a clock would not.

use super::bounds::{MAX_DEPTH, TOO_MUCH};
use super::value::{tamed, weigh};
use jaq_core::box_iter::box_once;
use jaq_core::native::{Fun, bome, v};
use jaq_core::{DataT, Error, Exn, Lut, Native, ValXs, data::HasLut};
use jaq_json::{Num, Val};
use jaq_std::ValT as _;
use std::cell::Cell;

/// Pays one unit for going on.
pub(super) const STEP: &str = "!step";
/// Pays the weight of a value just made.
pub(super) const MADE: &str = "!made";
/// Pays one unit for each byte of a text that is about to be split: every letter may become a value.
pub(super) const LETTERS: &str = "!letters";
/// Multiplies numbers and merges objects, never more; takes the right side first.
pub(super) const TIMES: &str = "!times";

/// jaq's values, run with a [`Meter`] at hand.
#[derive(Debug)]
pub(super) enum Metered {}

impl DataT for Metered {
    type V<'a> = Val;
    type Data<'a> = &'a Meter<'a>;
}

/// What is left of one run's allowance.
pub(super) struct Meter<'a> {
    lut: &'a Lut<Metered>,
    left: Cell<usize>,
    stopped: Cell<Option<&'static str>>,
}

impl<'a> HasLut<'a, Metered> for &'a Meter<'a> {
    fn lut(&self) -> &'a Lut<Metered> {
        self.lut
    }
}

impl<'a> Meter<'a> {
    pub(super) fn new(lut: &'a Lut<Metered>, allowance: usize) -> Self {
        Self { lut, left: Cell::new(allowance), stopped: Cell::new(None) }
    }

    /// Why the run was stopped, if it was. Asked at the end, because a shape may catch the error itself.
    pub(super) fn stopped(&self) -> Option<&'static str> {
        self.stopped.get()
    }

    fn step(&self) -> Result<(), Error<Val>> {
        match self.left.get().checked_sub(1) {
            Some(left) if self.stopped.get().is_none() => {
                self.left.set(left);
                Ok(())
            }
            _ => Err(self.stop(TOO_MUCH)),
        }
    }

    fn made(&self, value: &Val) -> Result<(), Error<Val>> {
        self.step()?;
        match weigh(value, self.left.get(), MAX_DEPTH) {
            Ok(left) => self.left.set(left),
            Err(why) => return Err(self.stop(why)),
        }
        Ok(())
    }

    fn letters(&self, value: &Val) -> Result<(), Error<Val>> {
        let bytes = value.as_bytes().map_or(0, <[u8]>::len);
        match self.left.get().checked_sub(bytes) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(self.stop(TOO_MUCH)),
        }
    }

    /// Notes the first reason; from then on every step fails, so that what catches errors ends soon as well.
    fn stop(&self, why: &'static str) -> Error<Val> {
        self.stopped.set(Some(self.stopped.get().unwrap_or(why)));
        Error::str(why)
    }
}

/// The natives of this module. Both meters are transparent to paths, so that `del` and `|=` work through them.
pub(super) fn natives() -> [Fun<Metered>; 4] {
    let step = Native::<Metered>::new(|cv| bome(cv.0.data().step().map(|()| cv.1)))
        .with_paths(|cv| box_once(cv.0.data().step().map(|()| cv.1).map_err(Exn::from)))
        .with_update(|cv, f| update(cv.0.data().step(), cv.1, |value| f(value)));
    let made = Native::<Metered>::new(|cv| bome(cv.0.data().made(&cv.1).map(|()| tamed(cv.1))))
        .with_paths(|cv| box_once(cv.0.data().made(&cv.1.0).map(|()| cv.1).map_err(Exn::from)))
        .with_update(|cv, f| update(cv.0.data().made(&cv.1), cv.1, |value| f(value)));
    let letters = Native::<Metered>::new(|cv| bome(cv.0.data().letters(&cv.1).map(|()| cv.1)));
    let times = Native::<Metered>::new(|mut cv| {
        let left = cv.0.pop_var();
        let right = cv.0.pop_var();
        bome(times(left, right))
    });
    [(STEP, v(0), step), (MADE, v(0), made), (LETTERS, v(0), letters), (TIMES, v(2), times)]
}

fn update<'a>(paid: Result<(), Error<Val>>, value: Val, f: impl FnOnce(Val) -> ValXs<'a, Val>) -> ValXs<'a, Val> {
    match paid {
        Ok(()) => f(value),
        Err(error) => box_once(Err(Exn::from(error))),
    }
}

/// Integers stay integers while they fit, and are floating-point numbers beyond, as in jq: never big integers, whose
/// repeated squares have no bound.
fn times(left: Val, right: Val) -> Result<Val, Error<Val>> {
    match (&left, &right) {
        (Val::Num(a), Val::Num(b)) => match a.as_isize().zip(b.as_isize()).and_then(|(a, b)| a.checked_mul(b)) {
            Some(product) if !is_float(a) && !is_float(b) => Ok(Val::from(product)),
            _ => Ok(Val::Num(Num::Float(left.as_f64().unwrap_or(f64::NAN) * right.as_f64().unwrap_or(f64::NAN)))),
        },
        (Val::Obj(_), Val::Obj(_)) => left * right,
        _ => Err(Error::str("only numbers and objects can be multiplied in a shape")),
    }
}

const fn is_float(number: &Num) -> bool {
    matches!(number, Num::Float(_) | Num::Dec(_))
}
