//! The data plane over HTTP: real use cases and a real database, an app of the test's own on the other side.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod agents;
mod attacks;
mod calls;
mod doors;
mod kit;
mod lenient;
mod openings;
mod sessions;
mod streams;
mod unread;
mod upstream;
