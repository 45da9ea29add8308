//! A JSON array of definitions that grows at its end, no longer than it may be.

use super::toolset::Definition;
use crate::{App, Error, Result};
use bytes::Bytes;
use std::sync::Arc;
use valetkey_connectors::Tool;
use valetkey_connectors::native::HEAVY_BYTES;

/// A JSON array without its end.
pub(super) struct Growing {
    text: Vec<u8>,
    pub(super) most: usize,
}

impl Growing {
    /// What is in an array already.
    pub(super) fn of(array: &Bytes, most: usize) -> Self {
        let front = array.strip_suffix(b"]").unwrap_or(b"[");
        Self { text: front.to_vec(), most }
    }

    /// The array with more tools, which weigh no more than this, and how many did not fit. Many are written off the async
    /// threads.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) async fn with(mut self, app: &App, tools: Vec<Arc<Tool>>, weight: usize) -> Result<(Self, usize)> {
        let writing = move || self.add(&tools).map(|left_out| (self, left_out));
        // What is written of a tool is a part of what it weighs.
        if weight < HEAVY_BYTES {
            return writing();
        }
        app.core.tasks.spawn_blocking(writing).await.map_err(Error::internal)?
    }

    fn add(&mut self, tools: &[Arc<Tool>]) -> Result<usize> {
        for (at, tool) in tools.iter().enumerate() {
            let before = self.text.len();
            if before > 1 {
                self.text.push(b',');
            }
            serde_json::to_writer(&mut self.text, &Definition::of(&tool.definition)).map_err(Error::internal)?;
            // Its end has to fit too.
            if self.text.len() >= self.most {
                self.text.truncate(before);
                return Ok(tools.len() - at);
            }
        }
        Ok(0)
    }

    /// All of it.
    pub(super) fn ended(mut self) -> Bytes {
        self.text.push(b']');
        self.text.into()
    }
}
