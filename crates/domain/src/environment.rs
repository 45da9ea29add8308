//! Environments: everything else belongs to exactly one.

use crate::Timestamp;
use crate::id::EnvironmentId;

/// The isolation boundary. A first start makes one, `development`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its id.
    pub id: EnvironmentId,
    /// What the operator calls it; unique.
    pub name: String,
    /// What the app's users read as the app's name on the consent pages, if it was given one.
    pub display_name: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Environment {
    /// What people who consent read: the display name, else the name.
    #[must_use]
    pub fn label(&self) -> &str {
        self.display_name.as_deref().unwrap_or(&self.name)
    }
}
