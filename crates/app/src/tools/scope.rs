//! Which of a user's tools are wanted.

/// Which of a user's tools are wanted; what is empty filters nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Providers, in any case; any of them fits.
    pub providers: Vec<String>,
    /// Names of tools; any of them fits.
    pub names: Vec<String>,
    /// Names of connections; any of them fits.
    pub connections: Vec<String>,
}
