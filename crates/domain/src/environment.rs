//! Environments: everything else belongs to exactly one.

use crate::Timestamp;
use crate::id::EnvironmentId;

/// The isolation boundary. A first start makes one, `development`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its id.
    pub id: EnvironmentId,
    /// What people call it; unique.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}
