//! What one answer of a token endpoint or its neighbours may cost.

use crate::Limits;
use std::time::Duration;

/// They answer little and soon.
pub(super) const LIMITS: Limits = Limits { timeout: Duration::from_secs(30), max_bytes: 256 * 1024 };
