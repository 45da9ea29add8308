//! The protocol's revisions.

/// A revision that is served here. They are ordered by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// The first with Streamable HTTP, and the only one with batches.
    V2025_03_26,
    /// Brought the `MCP-Protocol-Version` header.
    V2025_06_18,
    /// The last that opens with `initialize`.
    V2025_11_25,
    /// Stateless: every request says its version and the client's capabilities.
    V2026_07_28,
}

impl Version {
    /// All of them, the newest first, as they are told to a client that asks for another.
    pub const ALL: [Self; 4] = [Self::V2026_07_28, Self::V2025_11_25, Self::V2025_06_18, Self::V2025_03_26];

    /// What `initialize` settles on when it is asked for a revision that is not served.
    pub const LAST_LEGACY: Self = Self::V2025_11_25;

    /// The revision of this date, if it is served.
    #[must_use]
    pub fn parse(date: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.as_str() == date)
    }

    /// The date that names it on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// Whether requests of this revision carry everything themselves, so that there is no `initialize`.
    #[must_use]
    pub const fn modern(self) -> bool {
        matches!(self, Self::V2026_07_28)
    }
}
