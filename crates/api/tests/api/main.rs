//! The control plane over a whole system in memory: every door as a nobody, as a stranger and as a client, both wires.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect should stop"
)]

mod attacks;
mod deadline;
mod doors;
mod events;
mod every_method;
mod executing;
mod kit;
mod logs;
mod methods;
mod proxy;
mod rest;
mod rights;
mod rules;
mod shapes;
mod shelf;
mod strangers;
mod tokens;
mod tools;
mod unread;
mod walkthrough;
