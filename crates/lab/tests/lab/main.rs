//! The lab as its callers see it: requests in, answers out, no socket.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, which should stop where something is missing; clippy knows only the tests themselves"
)]

mod agenda;
mod calendar;
mod consent;
mod control;
mod drive;
mod github;
mod gmail;
mod golden;
mod mailbox;
mod people;
mod state;
mod strangers;
mod tokens;
mod world;
