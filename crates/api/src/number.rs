//! Numbers of JSON, of which the wire has doubles only.

use serde_json::Number;

/// A double as an integer, if it is one and a double can hold all its neighbours.
pub(crate) fn whole(double: f64) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let fits = double.fract() == 0.0 && double.abs() <= EXACT;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    fits.then(|| Number::from(double as i64))
}
