//! What a run of a shape may come to, whichever way it runs.

/// Why a run is stopped that has nothing left.
pub(super) const TOO_MUCH: &str = "it takes more steps or memory than a shape may";
/// How deep a value may nest. What a run gives is serialised and dropped recursively.
pub(super) const MAX_DEPTH: usize = 256;
