//! All that leaves the building: one guarded HTTP client, and token endpoints over it.
//!
//! It calls no address that the operator did not allow or that is not on the public internet, follows no redirect,
//! keeps no cookie, knows no proxy, sends no referer, and reads no more than it was told to. It never decides which
//! credential goes where: that is `app`'s. Read [`Outbound::send`] first, then `address` and `resolve` for the guard.

mod address;
mod cause;
mod client;
mod error;
mod metrics;
pub mod oauth;
mod policy;
mod pools;
mod resolve;
mod send;
mod stream;
mod target;
mod timeouts;

pub use error::Error;
pub use metrics::Metrics;
pub use policy::{Allowed, InvalidAllowed, Policy};
pub use resolve::{Resolve, SystemResolver};
pub use send::{Limits, Outbound, Room, SHORT};
pub use stream::{Download, Incoming, Upload};
pub use timeouts::Timeouts;
