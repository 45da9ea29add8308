//! Counts among figures, and places in lists as four bytes.

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "a catalogue has far fewer tools than 2^52")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}

/// A place in a list. No list here comes near to 2^32.
pub(crate) fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// The place that [`short`] was made of.
pub(crate) fn place(short: u32) -> usize {
    usize::try_from(short).unwrap_or(usize::MAX)
}
