//! The revisions of the protocol that are spoken.

/// The modern era's.
pub(crate) const MODERN: &str = "2026-07-28";
/// The legacy era's, the newest first.
pub(crate) const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
