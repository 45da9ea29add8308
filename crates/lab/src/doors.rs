//! What a lab's host binds to its two listeners.

use crate::{Lab, control, provider};
use axum::Router;

impl Lab {
    /// What the provider serves to the world. It holds no path that leads to [`Lab::control`].
    pub fn router(&self) -> Router {
        provider::router(self)
    }

    /// What the lab's keeper uses: clock, failures, clients, and what has happened. It knows no password: give it a
    /// listener of its own that only the keeper reaches.
    pub fn control(&self) -> Router {
        control::router(self)
    }
}
