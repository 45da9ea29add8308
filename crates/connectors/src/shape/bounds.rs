//! What a run of a shape may come to, whichever way it runs.

/// Why a run is stopped that has nothing left.
pub(super) const TOO_MUCH: &str = "it takes more steps or memory than a shape may";
/// The most that what a run gives may weigh, one for each value and for 64 bytes of text.
pub(super) const MAX_GIVEN: usize = 200_000;
/// How deep a value may nest. What a run gives is serialised and dropped recursively.
pub(super) const MAX_DEPTH: usize = 256;
