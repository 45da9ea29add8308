//! What the operator and the server itself do to keep the system in order.

pub mod backup;
pub mod doctor;
pub mod housekeeping;
pub mod installation;
pub mod keys;
pub mod readiness;
pub mod recovery;
pub mod restore;
