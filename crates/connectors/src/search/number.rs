//! Counts among figures.

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "a catalogue has far fewer tools than 2^52")]
pub(super) fn count(number: usize) -> f64 {
    number as f64
}
