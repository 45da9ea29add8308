//! Organisations: the customers of an app, to which connected accounts can belong.

use crate::Timestamp;
use crate::id::{EnvironmentId, OrganizationId};
use std::collections::BTreeMap;

/// An organisation of one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// The environment that it is in.
    pub environment: EnvironmentId,
    /// What people call it.
    pub display_name: String,
    /// What the app calls it; no two of an environment have the same.
    pub external_id: Option<String>,
    /// Its name in addresses; no two of an environment have the same.
    pub slug: Option<String>,
    /// Where its logo is.
    pub logo_url: Option<String>,
    /// What the app keeps with it.
    pub metadata: BTreeMap<String, String>,
    /// Raised by every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}
